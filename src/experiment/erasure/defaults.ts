/** As run/defaults.ts, of what this experiment asks beside. */
export const DEFAULTS = { top: 20, value: 'zero', ownFacts: 100, otherFacts: 10 } as const;

export const RANGES = { top: [1, 1e6], ownFacts: [1, 1e9], otherFacts: [0, 1e9] } as const;

/** Of the name of its own results folder, after the model's. */
export const SUFFIX = '-erasure';
