/** The tokenizers of the golden checkpoints, on the whole corpus. KN_TEST_PYTHON names a Python that has transformers. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { BERT_MINI, describeWith, GOLDEN_TOKENIZERS } from '../../testing/shared.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { tokenizerCorpus } from '../../testing/tokenizer-corpus.js';
import { loadCheckedTokenizer } from './load-tokenizer.js';

const PYTHON = process.env.KN_TEST_PYTHON;

/** Writes the ids of each text of a file, as JSON. */
const PROGRAM = `
import json, sys
from transformers import AutoTokenizer
folder, texts, target = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(folder)
json.dump([tokenizer(text)["input_ids"] for text in json.load(open(texts))], open(target, "w"))
`;

describe.each([...GOLDEN_TOKENIZERS, BERT_MINI])('%s', folder => {
  describeWith(folder, 'a tokenizer of a checkpoint', () => {
    it.skipIf(PYTHON === undefined)(
      'gives the ids of Python for each sentence of the corpus (needs KN_TEST_PYTHON)',
      { timeout: 120_000 },
      async () => {
        const corpus = tokenizerCorpus();
        const [texts, target] = ['texts.json', 'ids.json'].map(name => join(temporaryFolder(), name));
        writeFileSync(texts, JSON.stringify(corpus.map(({ text }) => text)));
        await promisify(execFile)(PYTHON ?? '', ['-c', PROGRAM, folder, texts, target], {
          env: { ...process.env, HF_HUB_OFFLINE: '1' },
        });
        const theirs: number[][] = JSON.parse(readFileSync(target, 'utf8'));
        const { vocab_size }: { vocab_size: number } = JSON.parse(
          readFileSync(join(folder, 'config.json'), 'utf8'),
        );
        const tokenizer = await loadCheckedTokenizer(folder, { vocabularySize: vocab_size, causal: false });
        const others = corpus.filter(({ text }, i) => tokenizer.ids(text).join() !== theirs[i].join());
        expect(others).toEqual([]);
      },
    );
  });
});
