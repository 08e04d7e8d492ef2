import { byteName } from './byte-letters.js';

/** Penalty, below the least probable token, of a character that the vocabulary lacks. Source: Kudo 2018, and sentencepiece. */
const UNKNOWN_PENALTY = 10;

export interface UnigramOptions {
  /** Tokens with their log probabilities, in the order of their ids. */
  readonly vocab: readonly (readonly [string, number])[];
  readonly unk_id?: number | null | undefined;
  readonly byte_fallback?: boolean | undefined;
}

const LACKS_UNKNOWN = 'a text has what its vocabulary lacks, and it has no token for that';

interface Step {
  readonly start: number;
  readonly id: number | undefined;
  readonly score: number;
}

/**
 * Splits a word into the most probable sequence of tokens, as the Rust tokenizers do (`encode_optimized`): sums from the left in double
 * precision, and of equal ones that which was there first, so that ties fall alike.
 * @returns ids of a word
 */
export function unigramModel({
  vocab,
  unk_id,
  byte_fallback = false,
}: UnigramOptions): (word: string) => number[] {
  const idOf = new Map(vocab.map(([token], id) => [token, id]));
  const longest = vocab.reduce((length, [token]) => Math.max(length, token.length), 0);
  const leastScore = vocab.reduce((least, [, score]) => Math.min(least, score), Number.POSITIVE_INFINITY);
  const unknownScore = leastScore - UNKNOWN_PENALTY;
  const unknownId = unk_id ?? undefined;

  const best = (word: string): Step[] => {
    const steps: Step[] = [];
    const offer = (end: number, step: Step) => {
      const known = steps[end];
      const isBetter = known === undefined || step.score > known.score;
      if (isBetter) steps[end] = step;
      return isBetter;
    };
    for (let start = 0; start < word.length; ) {
      const scoreSoFar = start === 0 ? 0 : steps[start].score;
      const width = (word.codePointAt(start) ?? 0) > 0xffff ? 2 : 1;
      let isKnown = false;
      for (let end = start + 1; end <= word.length && end - start <= longest; end++) {
        const id = idOf.get(word.slice(start, end));
        if (id === undefined) continue;
        offer(end, { start, id, score: vocab[id][1] + scoreSoFar });
        if (end - start === width) isKnown = true;
      }
      if (!isKnown) {
        const step = { start, id: unknownId, score: unknownScore + scoreSoFar };
        if (offer(start + width, step) && unknownId === undefined) throw new Error(LACKS_UNKNOWN);
      }
      start += width;
    }
    return steps;
  };

  return word => {
    const steps = best(word);
    const tokens: { text: string; isUnknown: boolean }[] = [];
    for (let end = word.length; end > 0; ) {
      const { start, id } = steps[end];
      const text = word.slice(start, end);
      const isUnknown = id === unknownId;
      const last = tokens.at(-1);
      // Unknown characters in a row are one.
      if (isUnknown && last?.isUnknown) last.text = text + last.text;
      else tokens.push({ text, isUnknown });
      end = start;
    }
    return tokens.reverse().flatMap(({ text }) => {
      const id = idOf.get(text);
      if (id !== undefined) return [id];
      const bytes = byte_fallback ? byteTokens(text, idOf) : undefined;
      if (bytes) return bytes;
      if (unknownId === undefined) throw new Error(LACKS_UNKNOWN);
      return [unknownId];
    });
  };
}

function byteTokens(text: string, idOf: ReadonlyMap<string, number>): number[] | undefined {
  const ids = Array.from(new TextEncoder().encode(text), byte => idOf.get(byteName(byte)));
  const known = ids.filter(id => id !== undefined);
  return known.length === ids.length ? known : undefined;
}
