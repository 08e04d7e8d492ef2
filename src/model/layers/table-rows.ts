/** Rows of a weight matrix, read and replaced: neurons' values and word embeddings. */
import * as tf from '@tensorflow/tfjs-core';

/** The rows `indices` of a matrix [rows, width]. */
export async function readRows(matrix: tf.Tensor2D, indices: readonly number[]): Promise<Float32Array[]> {
  if (indices.length === 0) return [];
  return rowsOf(tf.tidy(() => tf.gather(matrix, tf.tensor1d([...indices], 'int32'))));
}

/** All rows of a matrix, which is disposed of. */
export async function rowsOf(matrix: tf.Tensor2D): Promise<Float32Array[]> {
  const [height, width] = matrix.shape;
  const values = await matrix.data<'float32'>();
  matrix.dispose();
  return Array.from({ length: height }, (_, i) => values.slice(i * width, (i + 1) * width));
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
