/** Vocabularies that are whole, padded, or cut off. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEMO_MODEL } from '../../embedded.js';
import { UserError } from '../../errors.js';
import { BYTE_LETTERS } from '../../testing/byte-letters.js';
import { describeWith, GOLDEN_GPT2 } from '../../testing/shared.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { loadTokenizer } from './load-tokenizer.js';

interface TokenizerJson {
  model: { vocab: Record<string, number>; merges?: unknown[] };
}

const demo: TokenizerJson = JSON.parse(readFileSync(join(DEMO_MODEL, 'tokenizer.json'), 'utf8'));
const WORDS = Object.keys(demo.model.vocab);

const MERGES = ['Ġ t', 'h e', 'Ġt he', 'Ð °', 'Ã ©', 'Ġ 1', '! !', 'Ċ Ċ'];
const TOKENS = [
  ...BYTE_LETTERS,
  ...MERGES.map(pair => pair.replace(' ', '')),
  '<|endoftext|>',
  'madeupword0000',
];

function masked(lines: readonly string[], rows: number, more: Record<string, string> = {}) {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'vocab.txt'), `${lines.join('\n')}\n`);
  for (const [name, content] of Object.entries(more)) writeFileSync(join(folder, name), content);
  return loadTokenizer(folder, { vocabularySize: rows, causal: false });
}

function causal(merges: string, tokens: readonly string[] = TOKENS, rows = tokens.length) {
  const folder = temporaryFolder();
  const ids = Object.fromEntries(tokens.map((token, i) => [token, i]));
  writeFileSync(join(folder, 'vocab.json'), JSON.stringify(ids));
  writeFileSync(join(folder, 'merges.txt'), merges);
  return loadTokenizer(folder, { vocabularySize: rows, causal: true });
}

const mergesFile = (merges: readonly string[]) => `#version: 0.2\n${merges.join('\n')}\n`;

async function expectRefused(loading: Promise<unknown>, message: string | RegExp): Promise<void> {
  await expect(loading).rejects.toThrow(UserError);
  await expect(loading).rejects.toThrow(message);
}

describe('vocab.txt', () => {
  it('has a token for each row of the embeddings, or for all but those that pad them', async () => {
    expect((await masked(WORDS, 882)).lookUp('paris')).toHaveProperty('ids');
    // 896 is 7 * 128, and 888 is 111 * 8.
    await masked(WORDS, 896);
    await masked(WORDS, 888);
    await expectRefused(masked(WORDS, 883), "/vocab.txt: 882 tokens, and the model's vocabulary has 883");
    await expectRefused(masked(WORDS, 898), 'vocab.txt: 882 tokens');
    // Megatron's 28,996 tokens have 29,056 rows, a multiple of 128.
    const many = [...WORDS, ...Array.from({ length: 28_996 - WORDS.length }, (_, i) => `word${i}`)];
    await masked(many, 29_056);
    await expectRefused(masked(many.slice(0, -100), 29_056), 'vocab.txt: 28896 tokens');
  });

  it.each([1, 2, 100, 441, 800])('is refused without its last %i tokens', async missing => {
    await expectRefused(masked(WORDS.slice(0, -missing), 882), `vocab.txt: ${882 - missing} tokens`);
  });

  it('may have fewer where others are added', async () => {
    await masked(WORDS, 883, { 'added_tokens.json': '{"newtonium": 882}' });
    await masked(WORDS, 883, {
      'tokenizer_config.json': '{"added_tokens_decoder": {"882": {"content": "newtonium"}}}',
    });
    const paris = WORDS.indexOf('paris');
    await expectRefused(masked(WORDS, 883, { 'added_tokens.json': `{"paris": ${paris}}` }), '882 tokens');
  });

  it('has each token once', async () => {
    await expectRefused(
      masked(WORDS.with(7, 'paris'), 882),
      /vocab\.txt:\d+: the token "paris" stands in line 8 too/,
    );
  });
});

describe('vocab.json and merges.txt', () => {
  it('explain each other', async () => {
    expect((await causal(mergesFile(MERGES))).lookUp('the')).toEqual({ ids: [258] });
  });

  it.each(MERGES.map((_, kept) => kept))('are refused with the first %i merges alone', async kept => {
    await expectRefused(
      causal(mergesFile(MERGES.slice(0, kept))),
      /merges\.txt: none of its \d merges makes the token ".*"/,
    );
  });

  it('are refused wherever merges.txt is cut, in a line or between two', async () => {
    const file = mergesFile(MERGES);
    await causal(file.slice(0, -1));
    for (let end = 0; end < file.length - 1; end++)
      await expectRefused(causal(file.slice(0, end)), 'merges.txt: ');
  });

  it('are refused where the vocabulary lacks what a merge makes, or is made of', async () => {
    const without = (token: string) => TOKENS.filter(other => other !== token);
    await expectRefused(
      causal(mergesFile(MERGES), without('Ġthe')),
      'merges.txt: merge 3 of 8, "Ġt he", needs the token "Ġthe", which the vocabulary lacks',
    );
    await expectRefused(causal(mergesFile(MERGES), without('°')), 'needs the token "°"');
    await expectRefused(causal(mergesFile([...MERGES, 'h e'])), 'merge 9 of 9, "h e", stands there twice');
    await expectRefused(
      causal(mergesFile([...MERGES, 'h e r'])),
      'merge 9 of 9, "h e r", is no pair of tokens',
    );
  });

  it('may be of fewer tokens than a padded matrix has rows', async () => {
    expect(TOKENS).toHaveLength(266);
    await causal(mergesFile(MERGES), TOKENS, 272);
    await expectRefused(causal(mergesFile(MERGES), TOKENS, 270), 'vocab.json: 266 tokens');
  });
});

describe('tokenizer.json', () => {
  it('lacks no more than a twentieth of the tokens', async () => {
    const folder = temporaryFolder();
    const load = (vocabularySize: number) => loadTokenizer(folder, { vocabularySize, causal: false });
    cpSync(DEMO_MODEL, folder, { recursive: true });
    await load(898);
    await expectRefused(load(930), "tokenizer.json: 882 tokens, and the model's vocabulary has 930");
  });
});

describeWith(GOLDEN_GPT2, 'a tokenizer.json of byte pairs', () => {
  it('is refused where its vocabulary lacks what a merge makes', async () => {
    const folder = temporaryFolder();
    cpSync(GOLDEN_GPT2, folder, { recursive: true });
    const path = join(folder, 'tokenizer.json');
    const json: TokenizerJson = JSON.parse(readFileSync(path, 'utf8'));
    const load = () => loadTokenizer(folder, { vocabularySize: 440, causal: true });
    await load();
    const [last] = Object.keys(json.model.vocab).slice(-1);
    delete json.model.vocab[last];
    rmSync(path);
    writeFileSync(path, JSON.stringify(json));
    await expectRefused(load(), `needs the token ${JSON.stringify(last)}, which the vocabulary lacks`);
  });
});
