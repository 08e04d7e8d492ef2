/** What is measured: a model's shape, and prompts for it. */
import type { PromptBatch } from '../../src/model/language-model.js';
import { BERT_BASE } from '../bench/random-checkpoint.js';
import { SHAPES as BENCH } from '../bench/shapes.js';

export { RULE, STEPS } from '../bench/shapes.js';

export const SHAPES = {
  'bert-base': BERT_BASE,
  /** Shows the program at work where a processor plays the GPU, which would take hours for bert-base. */
  tiny: {
    ...BERT_BASE,
    hidden_size: 32,
    intermediate_size: 128,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    vocab_size: 200,
    max_position_embeddings: 32,
  },
} as const satisfies Record<string, typeof BERT_BASE>;

export const shapeNames = ['bert-base', 'tiny'] as const satisfies (keyof typeof SHAPES)[];
export type ShapeName = keyof typeof SHAPES;

/** As scripts/bench.ts has them, as the rule and its steps, so that the figures stand beside its own. */
export const TOKENS = BENCH['bert-base'].tokens;

/** A row of the table for each. */
export { PATHS, type Path } from '../../src/attribution/methods.js';

/** What neurons are asked for by, where that decides how much is computed: as over a data set. */
export const THRESHOLD = { kind: 'adaptive', value: 0.3 } as const;

/** Prompts of the whole of PARAREL that the paper's experiment asks. */
export const PARAREL_PROMPTS = 224_674;

export interface Work {
  readonly batch: PromptBatch;
  readonly answers: readonly number[];
}

/** Prompts that differ from each other; which tokens they have makes no difference to the time. */
export function workOf(prompts: number, vocabularySize: number): Work {
  const range = Array.from({ length: prompts }, (_, prompt) => prompt);
  return {
    batch: {
      tokens: range.map(p =>
        Array.from({ length: TOKENS }, (_, t) => (1000 + 37 * t + 101 * p) % vocabularySize),
      ),
      positions: range.map(p => p % TOKENS),
    },
    answers: range.map(p => (2000 + p) % vocabularySize),
  };
}
