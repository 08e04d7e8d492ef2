import * as tf from '@tensorflow/tfjs-core';

/** The operations of the matrix products that ran: 2 x the elements of the result x the shared dimension. */
export async function productsThatRun(body: () => Promise<unknown>): Promise<number> {
  const { kernels, result } = await tf.profile(async () => {
    await body();
    return tf.scalar(0);
  });
  tf.dispose(result);
  return kernels
    .filter(({ name }) => name === 'BatchMatMul')
    .reduce((sum, { inputShapes: [a, b], outputShapes: [out] }) => {
      const shared = tf.util.sizeFromShape(a ?? []) * tf.util.sizeFromShape(b ?? []);
      const size = tf.util.sizeFromShape(out);
      // For a [.., n, k] and b [.., k, m] of the same batches: |a| |b| / |out| = batches k^2.
      const batches = out.slice(0, -2).reduce((product, n) => product * n, 1);
      return sum + 2 * size * Math.sqrt(shared / size / batches);
    }, 0);
}
