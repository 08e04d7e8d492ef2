import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TOKENIZER_FILES } from '../../src/model/tokenizer/load-tokenizer.js';
import { BERT_BASE, writeRandomBert } from '../bench/random-checkpoint.js';

/**
 * A checkpoint of bert-base-uncased's shape with random weights, that is gone when the process ends.
 * @param vocabulary a folder with tokenizer files of 30,522 tokens
 */
export async function randomBertBase(vocabulary: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'kn-quadrature-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
  await writeRandomBert(folder, BERT_BASE);
  for (const name of TOKENIZER_FILES) {
    if (existsSync(join(vocabulary, name))) copyFileSync(join(vocabulary, name), join(folder, name));
  }
  return folder;
}
