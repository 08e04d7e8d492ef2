/** As run/defaults.ts, of what this experiment asks beside. */
export const DEFAULTS = {
  editRule: 'paper',
  updates: 10,
  shared: 0.1,
  measured: 5,
  wrongToo: false,
} as const;

export const RANGES = {
  lambda: [-1e6, 1e6],
  updates: [1, 1e9],
  shared: [0, 1],
  measured: [0, 1e6],
} as const;

/** Of the name of its own results folder, after the model's. */
export const SUFFIX = '-update';
