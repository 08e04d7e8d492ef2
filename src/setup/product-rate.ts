import * as tf from '@tensorflow/tfjs-core';

/** [rows, inner] by [inner, columns]. */
export type ProductShape = readonly [rows: number, inner: number, columns: number];

/** GFLOPS of the fastest of some plain matrix products on the engine that runs, each the median of `repetitions`. */
export async function productRate(shapes: readonly ProductShape[], repetitions: number): Promise<number> {
  const rates: number[] = [];
  for (const [rows, inner, columns] of shapes) {
    const [x, weight] = [tf.randomNormal([rows, inner]), tf.randomNormal([inner, columns])];
    const milliseconds: number[] = [];
    // The first one packs the matrix or compiles the kernel.
    for (let repetition = 0; repetition <= repetitions; repetition++) {
      const start = performance.now();
      const y = tf.matMul(x, weight);
      await y.data(); // On an engine that computes later: waits until it has.
      if (repetition > 0) milliseconds.push(performance.now() - start);
      y.dispose();
    }
    tf.dispose([x, weight]);
    rates.push((2 * rows * inner * columns) / median(milliseconds) / 1e6);
  }
  return Math.max(...rates);
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
