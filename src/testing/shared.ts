/** The folder beside the project with golden files and real data; tests that read it are skipped where it is absent. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'vitest';
import type { Site } from '../model/language-model.js';

const SHARED = fileURLToPath(new URL('../../../shared', import.meta.url));

export const GOLDEN_BERT = `${SHARED}/golden/bert-tiny-random`;
export const GOLDEN_GPT2 = `${SHARED}/golden/gpt2-tiny-random`;
export const GOLDEN_GPT_NEO = `${SHARED}/golden/gpt-neo-tiny-random`;
/** Of the other decoders. */
export const GOLDEN_DECODERS = [
  'llama',
  'llama3',
  'qwen2',
  'qwen3',
  'mistral',
  'gemma2',
  'gpt-neox',
  'gptj',
  'opt',
].map(name => `${SHARED}/golden/${name}-tiny-random`);
/** Of masked models beside BERT. */
export const GOLDEN_ROBERTA = `${SHARED}/golden/roberta-tiny-random`;
export const GOLDEN_XLM_ROBERTA = `${SHARED}/golden/xlm-roberta-tiny-random`;
export const GOLDEN_DISTILBERT = `${SHARED}/golden/distilbert-tiny-random`;
export const GOLDEN_ENCODERS = [GOLDEN_BERT, GOLDEN_ROBERTA, GOLDEN_XLM_ROBERTA, GOLDEN_DISTILBERT];
export const GOLDEN_MODELS = [...GOLDEN_ENCODERS, GOLDEN_GPT2, GOLDEN_GPT_NEO, ...GOLDEN_DECODERS];
/** All, for their tokenizers. */
export const GOLDEN_TOKENIZERS = [
  ...['bert', 'distilbert', 'gpt2', 'gpt-neo', 'gptj', 'gpt-neox', 'opt', 'roberta', 'xlm-roberta'],
  ...['llama', 'llama3', 'qwen2', 'qwen3', 'mistral', 'gemma2'],
].map(name => `${SHARED}/golden/${name}-tiny-random`);
export const REAL_PARAREL = `${SHARED}/pararel`;
export const BERT_MINI = `${SHARED}/models/bert-mini-pararel`;

/** `describe`, or where `path` is absent a skipped test that says so. */
export function describeWith(path: string, title: string, body: () => void): void {
  if (existsSync(path)) describe(title, body);
  else it.skip(`${title}: skipped, since ${path} is absent`, () => undefined);
}

interface GoldenStanding {
  readonly target_prob: number;
  readonly argmax_id: number;
}

export interface Golden {
  readonly prompts: readonly string[];
  readonly target: string;
  /** Of the prompts and the target; BERT's, GPT-2's and GPT-Neo's files, the first, lack them. */
  readonly prompt_ids?: readonly (readonly number[])[];
  readonly target_ids?: readonly number[];
  readonly neurons: readonly [number, number][];
  readonly attribution: readonly {
    readonly prompt: string;
    readonly target: string;
    readonly method: string;
    readonly rule?: 'riemann_endpoints' | 'riemann_left' | 'riemann_right' | 'gausslegendre';
    readonly steps?: number;
    readonly site: Site;
    readonly target_ids?: readonly number[];
    readonly scores: readonly (readonly number[])[];
  }[];
  readonly coarse: Readonly<Record<string, readonly [number, number][]>>;
  readonly refined: Readonly<Record<string, readonly [number, number][]>>;
  readonly edits: readonly {
    readonly prompt: string;
    readonly target: string;
    readonly before: GoldenStanding;
    readonly suppress: GoldenStanding;
    readonly enhance: GoldenStanding;
    readonly erase_zero: GoldenStanding;
    /** In BERT's file alone. */
    readonly erase_unk?: GoldenStanding;
    readonly edit_to: string;
    readonly edit_before: GoldenStanding;
    readonly edit: GoldenStanding;
  }[];
}

export function readGolden(model = GOLDEN_BERT): Golden {
  return JSON.parse(readFileSync(`${model}/golden.json`, 'utf8'));
}
