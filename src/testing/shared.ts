/** The folder beside the project with golden files and real data; tests that read it are skipped where it is absent. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'vitest';

const SHARED = fileURLToPath(new URL('../../../shared', import.meta.url));

export const GOLDEN_BERT = `${SHARED}/golden/bert-tiny-random`;
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
  readonly neurons: readonly [number, number][];
  readonly attribution: readonly {
    readonly prompt: string;
    readonly target: string;
    readonly method: string;
    readonly rule?: 'riemann_endpoints' | 'riemann_left' | 'riemann_right' | 'gausslegendre';
    readonly steps?: number;
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
  }[];
}

export function readGolden(): Golden {
  return JSON.parse(readFileSync(`${GOLDEN_BERT}/golden.json`, 'utf8'));
}
