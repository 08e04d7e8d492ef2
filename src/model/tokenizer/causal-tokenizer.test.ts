import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { describeWith, GOLDEN_GPT2 } from '../../testing/shared.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { loadTokenizer } from './load-tokenizer.js';
import { answerIds, type Tokenizer } from './tokenizer.js';

const SHAPE = { vocabularySize: 440, causal: true };

describeWith(GOLDEN_GPT2, "a GPT's tokenizer", () => {
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    tokenizer = await loadTokenizer(GOLDEN_GPT2, SHAPE);
  });
  const words = (tokens: readonly number[]) => tokens.map(id => tokenizer.token(id)).join('|');

  it('asks at the last token of a prompt', () => {
    const { tokens, position } = tokenizer.encode('The capital of France is', 64);
    expect(position).toBe(tokens.length - 1);
    expect(words(tokens).replaceAll('|', '')).toBe('The capital of France is');
  });

  it.each([
    'The capital of France is ',
    'The capital of France is [MASK].',
    'The capital of France is [MASK] !',
  ])('asks up to the mask where there is one, and leaves the space before the answer to it: "%s"', prompt => {
    expect(tokenizer.encode(prompt, 64)).toEqual(tokenizer.encode('The capital of France is', 64));
  });

  it.each([
    ['[MASK] is the capital of France', 'goes on after its answer'],
    ['', 'the prompt is empty'],
    ['[MASK]', 'the prompt is empty'],
    ['so '.repeat(70), 'tokens long, and the model takes 64'],
  ])('refuses a prompt that it cannot ask: "%s"', (prompt, message) => {
    expect(() => tokenizer.encode(prompt, 64)).toThrow(message);
  });

  it('takes an answer with the space before it, whether it is written or not', () => {
    expect(words(answerIds(tokenizer, 'Paris'))).toBe(' Paris');
    expect(answerIds(tokenizer, ' Paris')).toEqual(answerIds(tokenizer, 'Paris'));
    expect(() => answerIds(tokenizer, ' ')).toThrow('the answer " " is empty');
  });

  it('takes it without a space where the mask touches what is before it', () => {
    expect(answerIds(tokenizer, 'Paris', 'The capital ([MASK])')).toEqual([272]);
    expect(answerIds(tokenizer, 'Paris', "'[MASK]'")).toEqual([272]);
    expect(answerIds(tokenizer, 'Paris', 'The capital is [MASK].')).toEqual([289]);
    expect(answerIds(tokenizer, 'Paris', 'The capital is')).toEqual([289]);
    expect(tokenizer.encode('The capital ([MASK])', 64)).toEqual(tokenizer.encode('The capital (', 64));
  });

  it('asks for each token of an answer after those before it, or after what is put there instead', () => {
    const prompt = 'The capital of Norway is';
    const answer = answerIds(tokenizer, 'Stockholm');
    expect(answer.length).toBeGreaterThan(2);
    const { tokens } = tokenizer.encode(prompt, 64);
    const queries = tokenizer.ask(prompt, answer, 64);
    queries.forEach((query, place) => {
      expect(query.tokens).toEqual([...tokens, ...answer.slice(0, place)]);
      expect(query.position).toBe(query.tokens.length - 1);
      expect(query.answer).toBe(answer[place]);
    });
    const others = tokenizer.ask(prompt, answer, 64, [7, 8, 9, 10]);
    expect(others[2].tokens).toEqual([...tokens, 7, 8]);
    expect(() => tokenizer.ask(prompt, answer, tokens.length + answer.length - 2)).toThrow('tokens long');
    const long = answerIds(tokenizer, 'so '.repeat(70));
    expect(() => tokenizer.ask(prompt, long, 64)).toThrow(
      'tokens long with its answer, and the model takes 64',
    );
    expect(() => tokenizer.ask(prompt, answer, tokens.length + answer.length - 1)).not.toThrow();
  });

  it('may be made from vocab.json and merges.txt alone', async () => {
    const folder = temporaryFolder();
    await cp(GOLDEN_GPT2, folder, { recursive: true });
    const json: { model: { vocab: Record<string, number>; merges: (string | [string, string])[] } } =
      JSON.parse(await readFile(join(folder, 'tokenizer.json'), 'utf8'));
    await rm(join(folder, 'tokenizer.json'));
    // Of a class that is made of a tokenizer.json alone.
    await expect(loadTokenizer(folder, SHAPE)).rejects.toThrow('no tokenizer.json');
    await rm(join(folder, 'tokenizer_config.json'));
    await expect(loadTokenizer(folder, SHAPE)).rejects.toThrow(
      'no tokenizer.json and no vocab.json with merges.txt',
    );
    const merges = json.model.merges.map(pair => (typeof pair === 'string' ? pair : pair.join(' ')));
    await writeFile(join(folder, 'vocab.json'), JSON.stringify(json.model.vocab));
    await writeFile(join(folder, 'merges.txt'), `#version: 0.2\n${merges.join('\n')}\n`);
    const made = await loadTokenizer(folder, SHAPE);
    for (const text of ['The capital of France is', "It's  90% naïve — 北京, isn't it?", 'a<|endoftext|>b']) {
      expect(made.encode(text, 99)).toEqual(tokenizer.encode(text, 99));
    }
  });
});
