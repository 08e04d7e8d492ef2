import type { Protocol } from '../run/protocols.js';

/** As run/defaults.ts, of what this experiment asks beside. */
export const DEFAULTS = { top: 20, value: 'zero', ownFacts: 100, otherFacts: 10 } as const;

export const RANGES = { top: [1, 1e6], ownFacts: [1, 1e9], otherFacts: [0, 1e9] } as const;

/** Which neuron is taken first where as many of a relation's facts have it. */
export type Ties = 'layer and index' | 'first met';

/** `first met`: as in Dai et al.'s code, whose `Counter.most_common` keeps that order (src/7_erase_knowledge.py, line 217). */
export const TIES: Readonly<Record<Protocol, Ties>> = { eleutherai: 'layer and index', dai: 'first met' };

/** Of the name of its own results folder, after the model's. */
export const SUFFIX = '-erasure';
