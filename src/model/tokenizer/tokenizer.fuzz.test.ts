/** Every file that a tokenizer is read from, damaged in a thousand ways. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { DEMO_MODEL } from '../../embedded.js';
import { UserError } from '../../errors.js';
import { bytePairTokenizer } from '../../testing/byte-pair-tokenizer.js';
import { fuzzFile } from '../../testing/fuzz/fuzz-reader.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { idsOf, TINY_MERGES, TINY_PIECES, TINY_WORDS } from '../../testing/tiny-model.js';
import { loadCheckedTokenizer, loadTokenizer } from './load-tokenizer.js';

const demo: { model: object; [part: string]: unknown } = JSON.parse(
  readFileSync(join(DEMO_MODEL, 'tokenizer.json'), 'utf8'),
);
const wordPiece = JSON.stringify({ ...demo, model: { ...demo.model, vocab: idsOf(TINY_WORDS) } });
const bytePair = JSON.stringify(bytePairTokenizer(idsOf(TINY_PIECES), TINY_MERGES.trim().split('\n')));
const config = JSON.stringify({
  ...{ do_lower_case: true, tokenize_chinese_chars: true, strip_accents: null, mask_token: '[MASK]' },
  ...{ clean_up_tokenization_spaces: true, additional_special_tokens: ['[X]'], remove_space: false },
  added_tokens_decoder: { 4: { content: '[MASK]', special: true } },
});

/** @throws where a token is none of the model's */
function checked(ids: readonly number[], size: number): readonly number[] {
  const wrong = ids.findIndex(id => !Number.isInteger(id) || id < 0 || id >= size);
  if (wrong !== -1) throw new Error(`the model has no token ${ids[wrong]}`);
  return ids;
}

async function useMasked(folder: string): Promise<unknown> {
  const tokenizer = await loadTokenizer(folder, { vocabularySize: TINY_WORDS.length, causal: false });
  const { tokens } = tokenizer.encode('Paris is in [MASK] .', 64);
  return [
    checked(tokens, TINY_WORDS.length).map(id => tokenizer.token(id)),
    tokenizer.lookUp('France'),
    tokenizer.ask('[MASK] is in france', [5, 6], 64),
  ];
}

async function useCausal(folder: string): Promise<unknown> {
  const tokenizer = await loadTokenizer(folder, { vocabularySize: TINY_PIECES.length, causal: true });
  const { tokens } = tokenizer.encode('The city is [MASK] .', 64);
  return [
    tokens.map(id => tokenizer.token(id)),
    tokenizer.lookUp('paris'),
    tokenizer.ask('to be', [5, 6], 64),
  ];
}

describe('a masked tokenizer', () => {
  const json = { 'tokenizer.json': wordPiece, 'tokenizer_config.json': config };
  fuzzFile('tokenizer.json of words', { files: json, file: 'tokenizer.json', read: useMasked });
  fuzzFile('tokenizer_config.json', { files: json, file: 'tokenizer_config.json', read: useMasked });

  const text = {
    'vocab.txt': `${TINY_WORDS.slice(0, -1).join('\n')}\n`,
    'added_tokens.json': JSON.stringify({ a: TINY_WORDS.length - 1 }),
    'special_tokens_map.json': JSON.stringify({ mask_token: { content: '[MASK]', lstrip: true } }),
    // Without the list of added tokens beside which no file of earlier times is read.
    'tokenizer_config.json': JSON.stringify({ do_lower_case: true, mask_token: '[MASK]' }),
  };
  for (const file of Object.keys(text))
    fuzzFile(`${file}, of vocab.txt`, { files: text, file, read: useMasked });
});

/** Of all kinds of parts: what the project's small tokenizers are made of. */
describe('a small tokenizer of the kind of', () => {
  const FOLDER = fileURLToPath(new URL('../../testing/tokenizers', import.meta.url));
  it.each(['unigram', 'words', 'llama2', 'llama3'])('%s', { timeout: 60_000 }, async name => {
    const text = readFileSync(join(FOLDER, name, 'tokenizer.json'), 'utf8');
    const { model, ...parts }: { model: { vocab: unknown; merges?: unknown } } = JSON.parse(text);
    const config = readFileSync(join(FOLDER, name, 'tokenizer_config.json'), 'utf8');
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'tokenizer_config.json'), config);
    const written = JSON.stringify(parts);
    const step = Math.max(1, Math.floor(written.length / 500));
    for (let place = 0; place < written.length; place += step) {
      const damaged = `${written.slice(0, place)}${'"7[{null'[place % 8]}${written.slice(place + 1)}`;
      writeFileSync(
        join(folder, 'tokenizer.json'),
        `${damaged.slice(0, -1)},"model":${JSON.stringify(model)}}`,
      );
      const read = async () => {
        const tokenizer = await loadCheckedTokenizer(folder, { vocabularySize: 3000, causal: false });
        return tokenizer.ids('Any Text 12 é');
      };
      const ids = await read().catch((error: unknown) => {
        expect(error).toBeInstanceOf(UserError);
      });
      if (ids) checked(ids, 3000);
    }
  });
});

describe('a causal tokenizer', () => {
  const files = { 'vocab.json': JSON.stringify(idsOf(TINY_PIECES)), 'merges.txt': TINY_MERGES };
  for (const file of Object.keys(files)) fuzzFile(file, { files, file, read: useCausal });
  const json = { 'tokenizer.json': bytePair };
  fuzzFile('tokenizer.json of byte pairs', { files: json, file: 'tokenizer.json', read: useCausal });
});
