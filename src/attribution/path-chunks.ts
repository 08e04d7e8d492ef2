import { bytesOfPass } from '../model/batch-size.js';
import type { ModelShape } from '../model/language-model.js';

/** How much may go through a model at once. */
export interface Room {
  readonly bytes: number;
  /** In the place of bytes: so many passes. */
  readonly passes: number | undefined;
}

/** A pass of a prompt of so many tokens. */
export interface AskedPass {
  /** That it begins in. */
  readonly layer: number;
  readonly tokens: number;
}

/**
 * Where a list of passes is cut, so that each part fits; a part has one pass at the least.
 * @param beside tokens of passes from the first layer that go along with the first part
 * @returns the passes of each part; the first may be none
 */
export function chunksThatFit(
  shape: ModelShape,
  asked: readonly AskedPass[],
  beside: readonly number[],
  { bytes, passes }: Room,
): number[] {
  const cost = ({ layer, tokens }: AskedPass) =>
    passes === undefined ? bytesOfPass(shape, tokens, layer) : 1;
  const room = passes ?? bytes;
  const chunks: number[] = [];
  let [taken, used] = [0, beside.reduce((sum, tokens) => sum + cost({ layer: 0, tokens }), 0)];
  for (const pass of asked) {
    const next = cost(pass);
    if (used + next > room && used > 0) {
      chunks.push(taken);
      [taken, used] = [0, 0];
    }
    taken++;
    used += next;
  }
  return [...chunks, taken];
}
