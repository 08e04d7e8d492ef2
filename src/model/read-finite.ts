import type * as tf from '@tensorflow/tfjs-core';
import { UserError } from '../errors.js';

/**
 * What a tensor holds, of which nothing goes into a result before it is known to be a number. Disposes of the tensor.
 * @param what it is, for the message: "a score"
 * @throws UserError where one is NaN or infinite: the model computes with larger numbers than float32 has
 */
export async function readFinite(tensor: tf.Tensor, what: string): Promise<Float32Array> {
  const values = await tensor.data<'float32'>();
  tensor.dispose();
  checkFinite(values, what);
  return values;
}

/** The same of values that were computed from such. */
export function checkFinite(values: Float32Array, what: string): void {
  const wrong = firstNotFinite(values);
  if (wrong === -1) return;
  throw new UserError(
    `${what} came out as ${values[wrong]}: inside the model numbers left float32's range`,
    'Its weights, or the factor or the values given, are too large for it. Nothing was recorded of this.',
  );
}

/** The place of the first value that is NaN or infinite; -1 where there is none. */
export function firstNotFinite(values: Float32Array): number {
  // 0 x NaN and 0 x infinity are NaN, and stay: one pass without a branch over what may be a hundred million weights.
  let probe = 0;
  for (let i = 0; i < values.length; i++) probe += 0 * values[i];
  return probe === 0 ? -1 : values.findIndex(value => !Number.isFinite(value));
}
