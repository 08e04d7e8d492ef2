import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../../src/errors.js';
import type { LoadedModel } from '../../src/model/load.js';
import { TOKENIZER_FILES } from '../../src/model/tokenizer/load-tokenizer.js';
import { BERT_BASE, writeRandomBert } from '../bench/random-checkpoint.js';
import type { Question } from './findings.js';

const TOKENS = 14;

/** Of 14 tokens in bert-base-uncased's vocabulary, each word one of them. */
const PROMPTS = [
  'the capital and the largest city of the country is [MASK].',
  'the government of the old kingdom has its seat in [MASK].',
  'people who live in the north often travel south to [MASK].',
  'for many years the king and his family lived in [MASK].',
];

export const MOST_PROMPTS = PROMPTS.length;

/**
 * Writes a random checkpoint of bert-base-uncased's shape for as long as the work with it takes.
 * @param vocabulary a folder with tokenizer files for it
 */
export async function withRandomModel<T>(
  vocabulary: string,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'kn-replication-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove); // Half a gigabyte, which an interrupted run must not leave behind.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
  try {
    await writeRandomBert(folder, BERT_BASE);
    for (const name of TOKENIZER_FILES) {
      if (existsSync(join(vocabulary, name))) copyFileSync(join(vocabulary, name), join(folder, name));
    }
    return await work(folder);
  } finally {
    remove();
  }
}

/**
 * A fact of so many prompts that it can be asked about.
 * @throws UsageError where the vocabulary takes them apart otherwise
 */
export function questionOfBench(vocabulary: string, { tokenizer }: LoadedModel, prompts: number): Question {
  const question = { prompts: PROMPTS.slice(0, prompts), answer: 'paris' };
  for (const prompt of question.prompts) {
    const { length } = tokenizer.encode(prompt, BERT_BASE.max_position_embeddings).tokens;
    if (length !== TOKENS)
      throw new UsageError(
        `--vocabulary ${vocabulary}: "${prompt}" is ${length} tokens there, not ${TOKENS}`,
      );
  }
  return question;
}
