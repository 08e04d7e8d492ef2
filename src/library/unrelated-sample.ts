import { createHash } from 'node:crypto';
import type { FactKey } from '../dataset/fact.js';

/** What a fact asked by prompts is about, as far as its words show. */
export interface NamedFact {
  readonly prompts: readonly string[];
  /** Old and new. */
  readonly answers: readonly string[];
}

/**
 * The facts that have nothing to do with one that was asked: neither their subject nor their object is one of its answers
 * or stands in one of its prompts. In the order of a hash of seed and uuid, so that the first few are a sample which
 * depends on nothing else.
 */
export function unrelatedSample(facts: readonly FactKey[], asked: NamedFact, seed: number): FactKey[] {
  const answers = asked.answers.map(inWords);
  const prompts = asked.prompts.map(inWords);
  const isNamed = (name: string) => {
    const words = inWords(name);
    return answers.includes(words) || prompts.some(prompt => prompt.includes(words));
  };
  return facts
    .filter(({ subject, object }) => !isNamed(subject) && !isNamed(object))
    .map(fact => ({ fact, place: createHash('sha256').update(`${seed}:${fact.uuid}`).digest('hex') }))
    .sort((a, b) => (a.place < b.place ? -1 : 1))
    .map(({ fact }) => fact);
}

/** "The U.S. dollar" as " the u s dollar ", so that whole words are found whatever their case and punctuation. */
function inWords(text: string): string {
  const words = text.toLowerCase().match(/[\p{L}\p{N}\p{M}]+/gu) ?? [text];
  return ` ${words.join(' ')} `;
}
