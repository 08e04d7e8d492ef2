/** Rows of a weight matrix, read and replaced: neurons' values and word embeddings. */
import * as tf from '@tensorflow/tfjs-core';

/** The rows `indices` of a matrix [rows, width]. */
export async function readRows(matrix: tf.Tensor2D, indices: readonly number[]): Promise<Float32Array[]> {
  if (indices.length === 0) return [];
  const width = matrix.shape[1];
  const gathered = tf.tidy(() => tf.gather(matrix, tf.tensor1d([...indices], 'int32')));
  const values = await gathered.data<'float32'>();
  gathered.dispose();
  return indices.map((_, i) => values.slice(i * width, (i + 1) * width));
}

/** A copy of a matrix with other values in some rows; all others keep every bit. */
export async function withRows(
  matrix: tf.Tensor2D,
  rows: ReadonlyMap<number, Float32Array>,
): Promise<tf.Tensor2D> {
  const [height, width] = matrix.shape;
  const values = Float32Array.from(await matrix.data<'float32'>());
  for (const [row, replacement] of rows) {
    if (!(row < height) || replacement.length !== width)
      throw new RangeError(`row ${row} of ${replacement.length} values, in a matrix [${height}, ${width}]`);
    values.set(replacement, row * width);
  }
  return tf.tensor2d(values, [height, width]);
}
