/**
 * What a request may leave unsaid, and between what its numbers are: the same for the command line, which shows them in its
 * help, and for whoever else asks. Nothing is loaded here: help needs this file.
 */
export const DEFAULTS = {
  model: 'bert-base-uncased',
  revision: 'main',
  engine: 'auto',
  continuation: 'answer',
  protocol: 'eleutherai',
  method: 'integrated_gradients',
  path: 'interpolated',
  seed: 42,
} as const;

/** Smallest and largest. */
type Range = readonly [least: number, most: number];

export const RANGES = {
  steps: [1, 10_000],
  adaptiveThreshold: [0, 1],
  threshold: [-1e9, 1e9],
  percentile: [0, 100],
  /** Below the largest. */
  share: [0, 1],
  limit: [1, 1e9],
  maxAnswerTokens: [1, 1000],
  negatives: [1, 1000],
  seed: [0, 2 ** 48],
  workers: [1, 1024],
  threads: [1, 1024],
  /** In megabytes. */
  batchMemory: [1, 1e6],
} as const satisfies Readonly<Record<string, Range>>;
