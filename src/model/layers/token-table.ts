/**
 * A matrix with a row for each token of a vocabulary, [vocabulary, hidden]: word embeddings, and what a hidden row's scores come
 * from, often the same. It is the largest matrix of a model (2.4 GB of float32 in Gemma 2 2B), and lies in parts, one below the other,
 * where the running engine's buffers hold no more.
 */
import * as tf from '@tensorflow/tfjs-core';

export type TokenTable = tf.Tensor2D[];

/** How many rows of so many columns a part may have on the engine that runs. */
export function rowsOfPart(columns: number): number {
  const backend = tf.backend();
  if (!isOnDevice(backend)) return Number.POSITIVE_INFINITY;
  const { maxBufferSize, maxStorageBufferBindingSize } = backend.device.limits;
  return Math.max(1, Math.floor(Math.min(maxBufferSize, maxStorageBufferBindingSize) / (4 * columns)));
}

/** Whether it is that of WebGPU. */
function isOnDevice(backend: object): backend is { device: GPUDevice } {
  return tf.getBackend() === 'webgpu' && 'device' in backend;
}

/** The rows of some tokens, [ids, hidden]. */
export function tokenRows(table: TokenTable, ids: readonly number[]): tf.Tensor2D {
  if (table.length === 1) return tf.gather(table[0], tf.tensor1d([...ids], 'int32'));
  return tf.tidy(() => {
    let first = 0;
    const found: tf.Tensor2D[] = [];
    const places: number[] = [];
    for (const part of table) {
      const [height] = part.shape;
      const here = [...ids.keys()].filter(place => ids[place] >= first && ids[place] < first + height);
      const rows = here.map(place => ids[place] - first);
      if (rows.length > 0) found.push(tf.gather(part, tf.tensor1d(rows, 'int32')));
      places.push(...here);
      first += height;
    }
    const back = ids.map((_, place) => places.indexOf(place));
    return tf.gather(tf.concat(found, 0), tf.tensor1d(back, 'int32'));
  });
}

/** x E^T, a score for each token: [rows, hidden] -> [rows, vocabulary]. */
export function timesTransposed(x: tf.Tensor2D, table: TokenTable): tf.Tensor2D {
  // The wasm engine wants both sides plain (see weight-product.ts): E x^T, then its transpose.
  if (tf.getBackend() === 'wasm') {
    const across: tf.Tensor2D = tf.transpose(x);
    return tf.transpose(
      besideEachOther(
        table.map(part => tf.matMul<tf.Tensor2D>(part, across)),
        0,
      ),
    );
  }
  return besideEachOther(
    table.map(part => tf.matMul<tf.Tensor2D>(x, part, false, true)),
    1,
  );
}

/** x E: [rows, vocabulary] -> [rows, hidden]. */
export function times(x: tf.Tensor, table: TokenTable): tf.Tensor2D {
  if (table.length === 1) return tf.matMul(x, table[0]);
  let first = 0;
  const parts = table.map((part): tf.Tensor2D => {
    const [height] = part.shape;
    const columns = tf.slice(x, [0, first], [-1, height]);
    first += height;
    return tf.matMul(columns, part);
  });
  return parts.reduce((sum, part) => tf.add(sum, part));
}

function besideEachOther(parts: tf.Tensor2D[], axis: 0 | 1): tf.Tensor2D {
  return parts.length === 1 ? parts[0] : tf.concat(parts, axis);
}
