import {
  BERT_BASE,
  GPT2,
  LLAMA,
  LLAMA_1B,
  writeRandomBert,
  writeRandomGpt2,
  writeRandomLlama,
} from './random-checkpoint.js';

/** What is measured: a model's shape, and the prompts that it is asked. */
export const SHAPES = {
  'bert-base': {
    config: BERT_BASE,
    tokens: 14,
    /** As many prompts at once as suit the engine. */
    prompts: undefined,
    write: (folder: string) => writeRandomBert(folder, BERT_BASE),
  },
  gpt2: {
    config: GPT2,
    tokens: 12,
    /** As kn find has it with one --prompt. */
    prompts: 1,
    write: (folder: string) => writeRandomGpt2(folder, GPT2),
  },
  llama: {
    config: LLAMA,
    tokens: 12,
    prompts: 1,
    write: (folder: string) => writeRandomLlama(folder, LLAMA),
  },
  'llama-1b': {
    config: LLAMA_1B,
    tokens: 12,
    prompts: 1,
    write: (folder: string) => writeRandomLlama(folder, LLAMA_1B, 'BF16'),
  },
} as const;

export type ShapeName = keyof typeof SHAPES;
export const SHAPE_NAMES = ['bert-base', 'gpt2', 'llama', 'llama-1b'] as const satisfies readonly ShapeName[];

export const STEPS = 20;
export const RULE = 'riemann_endpoints';
