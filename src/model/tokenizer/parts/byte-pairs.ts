import { byteName } from './byte-letters.js';

/** Byte-pair encoding (Sennrich et al. 2016) in the order in which the Rust tokenizers merge. */

export interface BytePairOptions {
  readonly vocab: ReadonlyMap<string, number>;
  /** Pairs of tokens, the first to be merged first. */
  readonly merges: readonly (readonly [string, string])[];
  readonly unknown: string | undefined;
  /** What is written behind the last character of a word. */
  readonly wordEnd: string;
  /** Whether unknown characters in a row are one. */
  readonly fusesUnknown: boolean;
  /** Whether unknown characters are written as their bytes, <0x0A>. */
  readonly hasBytes: boolean;
  /** Whether a word that is a token stays one. */
  readonly prefersWords: boolean;
}

interface Merge {
  readonly rank: number;
  /** Of the left one in the word. */
  readonly place: number;
  readonly id: number;
}

/** @returns ids of a word; it throws an error where a token is needed that the vocabulary lacks */
export function bytePairs(options: BytePairOptions): (word: string) => number[] {
  const { vocab } = options;
  const idOf = (token: string) => {
    const id = vocab.get(token);
    if (id === undefined) throw new Error(`its vocabulary lacks ${JSON.stringify(token)}`);
    return id;
  };
  const most = [...vocab.values()].reduce((largest, id) => Math.max(largest, id), 0) + 1;
  const keyOf = (left: number, right: number) => left * most + right;
  const merges = new Map(
    options.merges.map(([left, right], rank) => [
      keyOf(idOf(left), idOf(right)),
      { rank, id: idOf(left + right) },
    ]),
  );
  const encoder = new TextEncoder();
  const bytesOf = (text: string): number[] | undefined => {
    const ids = Array.from(encoder.encode(text), byte => vocab.get(byteName(byte)));
    const known = ids.filter(id => id !== undefined);
    return known.length === ids.length ? known : undefined;
  };

  /** Before anything is merged. One that is unknown waits until a known one comes: bytes go past it. */
  const charactersOf = (word: string): number[] => {
    const ids: number[] = [];
    let waiting: number | undefined;
    const characters = [...word];
    for (const [i, character] of characters.entries()) {
      const text = i === characters.length - 1 ? character + options.wordEnd : character;
      const id = vocab.get(text);
      if (id !== undefined) {
        if (waiting !== undefined) ids.push(waiting);
        waiting = undefined;
        ids.push(id);
        continue;
      }
      const bytes = options.hasBytes ? bytesOf(text) : undefined;
      if (bytes) ids.push(...bytes);
      else if (options.unknown !== undefined) {
        if (waiting !== undefined && !options.fusesUnknown) ids.push(waiting);
        waiting = idOf(options.unknown);
      }
    }
    if (waiting !== undefined) ids.push(waiting);
    return ids;
  };

  const merged = (ids: number[]): number[] => {
    const next = ids.map((_, i) => i + 1);
    const before = ids.map((_, i) => i - 1);
    const isGone = ids.map(() => false);
    const queue = new Queue();
    const offer = (place: number) => {
      const right = next[place];
      if (right >= ids.length) return;
      const merge = merges.get(keyOf(ids[place], ids[right]));
      if (merge) queue.push({ ...merge, place });
    };
    for (const place of ids.keys()) offer(place);
    for (let merge = queue.pop(); merge; merge = queue.pop()) {
      const { place, id } = merge;
      const right = next[place];
      // What it was of may have been merged otherwise by now.
      if (isGone[place] || right >= ids.length) continue;
      if (merges.get(keyOf(ids[place], ids[right]))?.id !== id) continue;
      ids[place] = id;
      isGone[right] = true;
      next[place] = next[right];
      if (next[place] < ids.length) before[next[place]] = place;
      if (before[place] >= 0) offer(before[place]);
      offer(place);
    }
    return ids.filter((_, i) => !isGone[i]);
  };

  return word => {
    const whole = options.prefersWords ? vocab.get(word) : undefined;
    return whole === undefined ? merged(charactersOf(word)) : [whole];
  };
}

/** A binary heap: the lowest rank first, of equal ones the leftmost. */
class Queue {
  private readonly heap: Merge[] = [];

  push(merge: Merge): void {
    const { heap } = this;
    let place = heap.push(merge) - 1;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (!isBefore(heap[place], heap[above])) return;
      [heap[place], heap[above]] = [heap[above], heap[place]];
      place = above;
    }
  }

  pop(): Merge | undefined {
    const { heap } = this;
    const [first] = heap;
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return first;
    heap[0] = last;
    for (let place = 0; ; ) {
      const [left, right] = [2 * place + 1, 2 * place + 2];
      let least = place;
      if (left < heap.length && isBefore(heap[left], heap[least])) least = left;
      if (right < heap.length && isBefore(heap[right], heap[least])) least = right;
      if (least === place) return first;
      [heap[place], heap[least]] = [heap[least], heap[place]];
      place = least;
    }
  }
}

const isBefore = (a: Merge, b: Merge) => a.rank < b.rank || (a.rank === b.rank && a.place < b.place);
