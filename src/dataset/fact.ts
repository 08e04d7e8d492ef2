import { MASK, promptBeforeMask, textTouchingMask } from './prompt.js';

/** One fact of a relation, with every way that the data set has of asking for it. */
export interface Fact {
  readonly uuid: string;
  /** PARAREL's name of the relation, a Wikidata property: "P36". */
  readonly relation: string;
  readonly subject: string;
  /** The answer. */
  readonly object: string;
  /** Sentences with [MASK] in the object's place, or for a causal model that end there. */
  readonly prompts: readonly string[];
}

/** A fact without its prompts: what a run keeps in memory of each fact of the data set. */
export type FactKey = Omit<Fact, 'prompts'>;

/** The prompts of a fact: the relation's patterns with the subject filled in and the object masked. */
export function expandPrompts(patterns: readonly string[], subject: string): string[] {
  // split and join, since a subject may hold "$&", which String.replace would take for a reference.
  return patterns.map(pattern => pattern.split('[X]').join(subject).replace('[Y]', MASK));
}

/**
 * The patterns that a causal model can be asked by: those whose object ends the sentence, but for punctuation, cut there. [MASK] stays
 * where it touches what is before it: no space belongs to the answer then.
 */
export function causalPatterns(patterns: readonly string[]): string[] {
  return patterns.flatMap(pattern => {
    const masked = pattern.replace('[Y]', MASK);
    const before = promptBeforeMask(masked);
    if (before === undefined) return [];
    return textTouchingMask(masked) === undefined ? before : `${before}${MASK}`;
  });
}
