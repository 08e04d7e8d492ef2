/** Ids of two thousand sentences, compared with Python's: scripts/tokenizers/make-golden.py wrote down what it gives. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { tokenizerCorpus } from '../../testing/tokenizer-corpus.js';
import { loadCheckedTokenizer } from './load-tokenizer.js';

const FOLDER = fileURLToPath(new URL('../../testing/tokenizers', import.meta.url));
const CORPUS = tokenizerCorpus();

const hashOf = (ids: readonly number[]) =>
  createHash('sha256').update(ids.join(',')).digest('hex').slice(0, 8);

describe('the corpus', () => {
  it('is the one that Python was asked about', () => {
    const texts = JSON.stringify(CORPUS.map(({ text }) => text));
    expect(createHash('sha256').update(texts).digest('hex').slice(0, 16)).toBe('df9945984ab79539');
  });
});

describe.each(readdirSync(FOLDER))('a tokenizer such as that of %s', name => {
  const folder = join(FOLDER, name);
  const config: { vocab_size: number } = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
  const hashes = readFileSync(join(folder, 'hashes.txt'), 'utf8').trimEnd().split('\n');

  it("gives each sentence of the corpus the ids that Python's gives", async () => {
    const tokenizer = await loadCheckedTokenizer(folder, {
      vocabularySize: config.vocab_size,
      causal: false,
    });
    expect(hashes).toHaveLength(CORPUS.length);
    const others = CORPUS.filter(({ text }, i) => hashOf(tokenizer.ids(text)) !== hashes[i]);
    expect(others).toEqual([]);
  });
});
