import type { Matrix } from '../reference-loops.js';
import type { Settings } from './settings.js';
import type { StoredWeights } from './stored-weights.js';

/**
 * What stands between a network's matrices: its neurons of one token, which an intervention may change on the way.
 * @param gate what the first matrix, or the gate's, gives
 * @param up what the gated activations are multiplied by
 * @returns what the last matrix takes in
 */
export type Neurons = (
  token: number,
  gate: Float64Array,
  activation: (x: number) => number,
  up?: Float64Array,
) => Float64Array;

/** A model in plain loops. Rows are a prompt's tokens. */
export interface ReferenceModel {
  readonly layers: number;
  embed(tokens: readonly number[]): Matrix;
  /** One layer of every token. */
  layer(x: Matrix, layer: number, neurons: Neurons): Matrix;
  /** A score for each token of the vocabulary. */
  scores(last: Float64Array): Float64Array;
}

export type ReferenceFamily = (config: Settings, weights: StoredWeights) => ReferenceModel;
