import type { Protocol } from '../run/protocols.js';

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

/**
 * Which of a fact's neurons count as shared by too many of its relation: `others`, those of more than the share of the other
 * facts, as the paper has it (section 5.1); `select_kn`, as its authors' code counts (src/6_edit_knowledge_sampled.py, lines
 * 218 to 236), the fact itself twice, of all facts.
 */
export type SharedRule = 'others' | 'select_kn';

export const SHARED_RULES: Readonly<Record<Protocol, SharedRule>> = {
  eleutherai: 'others',
  dai: 'select_kn',
};

/** Of the name of its own results folder, after the model's. */
export const SUFFIX = '-update';
