/** Attention over rows of a prompt, a row a token, in which heads lie side by side. */
import { type Matrix, softmax } from '../reference-loops.js';

export interface Heads {
  readonly heads: number;
  /** Of keys and values; query heads that are neighbours share one. */
  readonly keyValueHeads: number;
  readonly size: number;
}

export interface Scores {
  readonly scale: number;
  /** A token sees itself and those before it, so many together; null: all. */
  readonly window?: number | null;
  /** Scores become cap tanh(score / cap); null: they stay. */
  readonly cap?: number | null;
}

/** softmax(scores) V for each token and each head. */
export function attend(
  [queries, keys, values]: readonly Matrix[],
  { heads, keyValueHeads, size }: Heads,
  { scale, window = null, cap = null }: Scores,
): Matrix {
  return queries.map((query, token) => {
    const out = new Float64Array(heads * size);
    const first = window === null ? 0 : Math.max(0, token - window + 1);
    for (let head = 0; head < heads; head++) {
      const shared = Math.floor(head / (heads / keyValueHeads));
      const scores: number[] = [];
      for (let other = first; other <= token; other++) {
        let score = 0;
        for (let i = 0; i < size; i++) score += query[head * size + i] * keys[other][shared * size + i];
        score *= scale;
        scores.push(cap === null ? score : cap * Math.tanh(score / cap));
      }
      softmax(scores).forEach((weight, i) => {
        for (let column = 0; column < size; column++)
          out[head * size + column] += weight * values[first + i][shared * size + column];
      });
    }
    return out;
  });
}

/** Each head's part of a row through `change`. */
export function headByHead(
  row: Float64Array,
  size: number,
  change: (head: Float64Array) => Float64Array,
): Float64Array {
  if (size < 1) throw new Error('heads have no columns');
  const out = new Float64Array(row.length);
  for (let from = 0; from < row.length; from += size) out.set(change(row.slice(from, from + size)), from);
  return out;
}
