/** How fast the device multiplies matrices, which is what the attribution's speed is held against. */
import * as tf from '@tensorflow/tfjs-core';
import { median, type ProductShape } from '../../src/setup/product-rate.js';

/** A series of products shall take so long, in ms: much longer than reading one number, which waits a fraction of a ms. */
const SERIES = 200;
const SERIES_COUNT = 3;

/** A shape whose single product would take longer than this, in ms, is left out: the device is not made for it. */
const TOO_LONG = 500;

const flop = ([rows, inner, columns]: ProductShape) => 2 * rows * inner * columns;

/** TFLOPS for each shape, but for those too large for this device. The shapes come in ascending order of work. */
export async function productRates(
  shapes: readonly ProductShape[],
): Promise<{ shape: ProductShape; teraflops: number }[]> {
  const rates: { shape: ProductShape; teraflops: number }[] = [];
  for (const shape of shapes) {
    const best = Math.max(...rates.map(({ teraflops }) => teraflops));
    if (rates.length > 0 && flop(shape) / best / 1e9 > TOO_LONG) continue;
    rates.push({ shape, teraflops: await rateOf(shape) });
  }
  return rates;
}

async function rateOf(shape: ProductShape): Promise<number> {
  const [rows, inner, columns] = shape;
  const [x, weight] = [filled(rows, inner), filled(inner, columns)];
  try {
    await series(x, weight, 1); // compiles the kernel
    let products = 1;
    let milliseconds = await series(x, weight, products);
    while (milliseconds < SERIES) {
      products *= Math.min(8, Math.ceil((1.2 * SERIES) / milliseconds));
      milliseconds = await series(x, weight, products);
    }
    const times = [milliseconds];
    while (times.length < SERIES_COUNT) times.push(await series(x, weight, products));
    return (products * flop(shape)) / median(times) / 1e9;
  } finally {
    tf.dispose([x, weight]);
  }
}

/**
 * Milliseconds of so many products. They are queued, which does not wait for the device; then one number of the last is
 * read. The device works off its queue in order, so that this number is there when all products are done, and bringing
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

/** Square ones, and those of a pass of the smallest and the largest batch through a layer, in ascending order of work. */
export function productShapes(
  batches: readonly number[],
  rowsOfPrompt: number,
  { hiddenSize, intermediateSize }: { readonly hiddenSize: number; readonly intermediateSize: number },
): ProductShape[] {
  const ends = new Set([Math.min(...batches), Math.max(...batches)]);
  const own = [...ends].flatMap((batch): ProductShape[] => {
    const rows = batch * rowsOfPrompt;
    return [
      [rows, hiddenSize, hiddenSize],
      [rows, hiddenSize, intermediateSize],
      [rows, intermediateSize, hiddenSize],
    ];
  });
  const square = [256, 512, 1024, 2048, 4096].map((size): ProductShape => [size, size, size]);
  return [...square, ...own].sort((a, b) => flop(a) - flop(b));
}
