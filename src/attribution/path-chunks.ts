import { bytesOfPass } from '../model/batch-size.js';
import type { ModelShape } from '../model/language-model.js';

/** How much may go through a model at once. */
export interface Room {
  readonly bytes: number;
  /** In the place of bytes: so many passes. */
  readonly passes: number | undefined;
}

/**
 * Where a list of passes is cut, so that each part fits; a part has one pass at the least.
 * @param layers that each pass begins in, rising
 * @param tokens of every prompt
 * @param beside passes from the first layer that go along with the first part
 * @returns the passes of each part; the first may be none
 */
export function chunksThatFit(
  shape: ModelShape,
  tokens: number,
  layers: readonly number[],
  beside: number,
  { bytes, passes }: Room,
): number[] {
  const cost = (layer: number) => (passes === undefined ? bytesOfPass(shape, tokens, layer) : 1);
  const room = passes ?? bytes;
  const chunks: number[] = [];
  let [taken, used] = [0, beside * cost(0)];
  for (const layer of layers) {
    const next = cost(layer);
    if (used + next > room && used > 0) {
      chunks.push(taken);
      [taken, used] = [0, 0];
    }
    taken++;
    used += next;
  }
  return [...chunks, taken];
}
