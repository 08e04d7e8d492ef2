/** Facts of made-up words, for a random model of a real size: their prompts are as long as PARAREL's. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FACTS_FOLDER, PATTERNS_FOLDER } from '../../src/dataset/relation-files.js';
import { uniform } from '../random.js';

const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const RELATIONS = 4;
const FACTS = 2500;
/** Words of each pattern, with subject and object: the prompts have 6 to 18 tokens. */
const PATTERN_LENGTHS = [3, 4, 5, 5, 6, 7, 9, 12];
const MOST_SUBJECT_WORDS = 4;

/** vocab.txt: the special tokens, and words that are nothing but their number. */
export function writeVocabulary(path: string, size: number): void {
  const words = Array.from({ length: size - SPECIAL.length }, (_, i) => `w${i}`);
  writeFileSync(path, `${[...SPECIAL, ...words].join('\n')}\n`);
}

/** A data set in PARAREL's layout, the same each time. */
export function writeFacts(folder: string): void {
  for (const part of [PATTERNS_FOLDER, FACTS_FOLDER]) mkdirSync(join(folder, part), { recursive: true });
  const next = uniform(11);
  const word = () => `w${Math.floor(30_000 * next())}`;
  const words = (count: number) => Array.from({ length: count }, word).join(' ');
  for (let relation = 1; relation <= RELATIONS; relation++) {
    const lines = (part: string, values: readonly object[]) =>
      writeFileSync(
        join(folder, part, `P${relation}.jsonl`),
        values.map(value => `${JSON.stringify(value)}\n`).join(''),
      );
    lines(
      PATTERNS_FOLDER,
      PATTERN_LENGTHS.map(length => ({ pattern: `[X] ${words(length - 2)} [Y]` })),
    );
    lines(
      FACTS_FOLDER,
      Array.from({ length: FACTS }, (_, i) => ({
        uuid: `made-up-${relation}-${i}`,
        sub_label: words(1 + Math.floor(MOST_SUBJECT_WORDS * next())),
        obj_label: word(),
      })),
    );
  }
}
