/** How fast the engine that runs multiplies matrices, which is what all else is held against. */
import * as tf from '@tensorflow/tfjs-core';

/** [rows, inner] by [inner, columns]. */
export type ProductShape = readonly [rows: number, inner: number, columns: number];

export interface ProductRate {
  readonly shape: ProductShape;
  readonly gigaflops: number;
}

/** A series of products shall take so long, in ms: much longer than reading one number, which waits a fraction of a ms. */
const SERIES = 200;

/** A shape whose single product would take longer than this, in ms, is left out: the device is not made for it. */
const TOO_LONG = 500;

/** Floating-point operations. */
export const operationsOf = ([rows, inner, columns]: ProductShape) => 2 * rows * inner * columns;

/** GFLOPS of the fastest of some plain matrix products, each the median of `repetitions`. */
export async function productRate(shapes: readonly ProductShape[], repetitions: number): Promise<number> {
  return fastestOf(await productRates(shapes, repetitions));
}

/**
 * GFLOPS of each, but for those too large for this device.
 * @param shapes in ascending order of work
 */
export async function productRates(
  shapes: readonly ProductShape[],
  repetitions: number,
): Promise<ProductRate[]> {
  const rates: ProductRate[] = [];
  for (const shape of shapes) {
    if (rates.length > 0 && operationsOf(shape) / fastestOf(rates) / 1e6 > TOO_LONG) continue;
    rates.push({ shape, gigaflops: await rateOf(shape, repetitions) });
  }
  return rates;
}

export function fastestOf(rates: readonly ProductRate[]): number {
  return Math.max(...rates.map(({ gigaflops }) => gigaflops));
}

async function rateOf(shape: ProductShape, repetitions: number): Promise<number> {
  const [rows, inner, columns] = shape;
  const [x, weight] = [filled(rows, inner), filled(inner, columns)];
  try {
    await series(x, weight, 1); // packs the matrix, or compiles the kernel
    let products = 1;
    let milliseconds = await series(x, weight, products);
    while (milliseconds < SERIES) {
      products *= Math.min(8, Math.ceil((1.2 * SERIES) / milliseconds));
      milliseconds = await series(x, weight, products);
    }
    const times = [milliseconds];
    while (times.length < repetitions) times.push(await series(x, weight, products));
    return (products * operationsOf(shape)) / median(times) / 1e6;
  } finally {
    tf.dispose([x, weight]);
  }
}

/**
 * Milliseconds of so many products. On a GPU they are queued, which does not wait for it; then one number of the last is
 * read. The GPU works off its queue in order, so that this number is there when all products are done, and bringing
 * it over costs nothing beside them, where a whole matrix would take as long as its product.
 */
async function series(x: tf.Tensor2D, weight: tf.Tensor2D, products: number): Promise<number> {
  const start = performance.now();
  const corner = tf.tidy(() => {
    for (let product = 1; product < products; product++) tf.dispose(tf.matMul(x, weight));
    return tf.slice(tf.matMul<tf.Tensor2D>(x, weight), [0, 0], [1, 1]);
  });
  await corner.data();
  corner.dispose();
  return performance.now() - start;
}

/** Numbers from -1 to 1 without a pattern, made on the device: JavaScript would take seconds for a large matrix. */
function filled(rows: number, columns: number): tf.Tensor2D {
  return tf.tidy(() => tf.reshape(tf.sin(tf.mul(tf.range(0, rows * columns), 12.9898)), [rows, columns]));
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
