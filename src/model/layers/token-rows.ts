/**
 * Where the tokens of samples of several lengths lie in a matrix: block t has token t of each sample that has so many, in the order of
 * the samples. Where all are of one length, row t * samples + n is token t of sample n. The first tokens are the top rows always.
 */
import * as tf from '@tensorflow/tfjs-core';
import { groupBy } from '../../group-by.js';
import { differentiable } from './differentiable.js';
import { gatherRows } from './gather-rows.js';
import { joinRows } from './mask-rows.js';

/** How many tokens each sample has. */
export type Lengths = readonly number[];

/**
 * Whether samples of several lengths gain by being in one matrix, on the engine that runs: few large products for many small ones. To the
 * wasm engine it is all the same, and moving rows is dear there (docs/performance.md).
 */
export function gainsByMixing(): boolean {
  return tf.getBackend() !== 'wasm';
}

export function areOfOneLength(lengths: Lengths): boolean {
  return lengths.every(length => length === lengths[0]);
}

/** Tokens block by block: what `each` makes of token t of sample n. */
export function tokenByToken<T>(lengths: Lengths, each: (sample: number, token: number) => T): T[] {
  const made: T[] = [];
  const longest = Math.max(0, ...lengths);
  for (let token = 0; token < longest; token++) {
    lengths.forEach((length, sample) => {
      if (token < length) made.push(each(sample, token));
    });
  }
  return made;
}

/** Samples of one length each. */
export interface EvenGroup {
  readonly length: number;
  readonly samples: readonly number[];
}

export function groupsByLength(lengths: Lengths): EvenGroup[] {
  return [...groupBy(lengths.keys(), sample => lengths[sample])].map(([length, samples]) => ({
    length,
    samples,
  }));
}

/**
 * The samples of groups, each group a matrix of its own, in one: what {@link gatherSamples} takes apart; without a gradient.
 * @param parts of the groups, [rows, width]
 */
export function joinGroups(parts: readonly tf.Tensor2D[], groups: readonly EvenGroup[]): tf.Tensor2D {
  if (parts.length === 1) return parts[0];
  const placeOf = new Map<number, (token: number) => number>();
  const lengths: number[] = [];
  let first = 0;
  for (const { length, samples } of groups) {
    const start = first;
    samples.forEach((sample, i) => {
      lengths[sample] = length;
      placeOf.set(sample, token => start + token * samples.length + i);
    });
    first += length * samples.length;
  }
  const order = tokenByToken(lengths, (sample, token) => placeOf.get(sample)?.(token) ?? 0);
  return gatherRows(tf.concat([...parts], 0), order);
}

/** For each sample the rows of its tokens. */
function rowsOf(lengths: Lengths): number[][] {
  const rows: number[][] = lengths.map(() => []);
  let row = 0;
  tokenByToken(lengths, sample => rows[sample].push(row++));
  return rows;
}

/**
 * Some samples of x [rows, width], in any order, some more than once; without a gradient.
 * @param lengths of the samples of x
 */
export function gatherSamples(x: tf.Tensor2D, lengths: Lengths, samples: readonly number[]): tf.Tensor2D {
  if (areOfOneLength(lengths)) return gatherRows(x, samples, lengths[0]);
  const rows = rowsOf(lengths);
  return gatherRows(
    x,
    tokenByToken(
      samples.map(sample => lengths[sample]),
      (i, token) => rows[samples[i]][token],
    ),
  );
}

/**
 * The samples of both, those of `first` before the others.
 * @param first [rows, width]
 * @param second [rows, width]
 */
export function joinSamples(
  first: tf.Tensor2D,
  second: tf.Tensor2D,
  lengths: { readonly first: Lengths; readonly second: Lengths },
): tf.Tensor2D {
  const all = [...lengths.first, ...lengths.second];
  if (areOfOneLength(all)) return joinRows(first, second, all[0]);
  const rows = rowsOf(all);
  const rowsOfPart = (part: Lengths, from: number) => tokenByToken(part, (n, token) => rows[from + n][token]);
  const ofFirst = rowsOfPart(lengths.first, 0);
  const ofSecond = rowsOfPart(lengths.second, lengths.first.length);
  const order: number[] = Array.from(ofFirst.concat(ofSecond));
  [...ofFirst, ...ofSecond].forEach((to, from) => {
    order[to] = from;
  });
  return differentiable([first, second], () => ({
    value: gatherRows(tf.concat([first, second], 0), order),
    gradient: dy => [gatherRows(dy, ofFirst), gatherRows(dy, ofSecond)],
  }));
}
