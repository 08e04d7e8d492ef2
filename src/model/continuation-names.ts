/**
 * What stands before a later token of an answer of several: the answer's own earlier tokens, or the most probable ones that
 * the model itself puts there, one after the other, before any intervention.
 */
export const CONTINUATIONS = ['answer', 'argmax'] as const;
export type Continuation = (typeof CONTINUATIONS)[number];
