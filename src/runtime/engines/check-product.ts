import * as tf from '@tensorflow/tfjs-core';

/** [2, 3] by [3, 2]: small numbers, which every engine's product gives exactly, and which no transposed operand would give. */
const LEFT = [
  [1, 2, 3],
  [4, 5, 6],
];
const RIGHT = [
  [7, 8],
  [9, 10],
  [11, 12],
];
const PRODUCT = [58, 64, 139, 154];

/**
 * Multiplies on the engine that runs: one that starts may still not compute.
 * @throws where it cannot, or gives another product; then in its own words what is wrong
 */
export async function checkProduct(): Promise<void> {
  const product = tf.tidy(() => tf.matMul(tf.tensor2d(LEFT), tf.tensor2d(RIGHT)));
  try {
    const values = [...(await product.data())];
    if (values.length !== PRODUCT.length || values.some((value, i) => value !== PRODUCT[i]))
      throw new Error(`a product that is ${PRODUCT} comes out as ${values}`);
  } finally {
    product.dispose();
  }
}
