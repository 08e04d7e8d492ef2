/** As run/defaults.ts, of what this experiment asks beside. */
export const DEFAULTS = { factor: 2, unrelated: 'relation' } as const;

export const RANGES = { factor: [0, 1e6] } as const;

/** Of the name of its own results folder, after the model's. */
export const SUFFIX = '';
