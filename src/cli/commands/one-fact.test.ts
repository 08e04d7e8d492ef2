import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { relativeError } from '../../testing/finite-differences.js';
import { kn } from '../../testing/run-kn.js';
import { describeWith, GOLDEN_BERT, readGolden } from '../../testing/shared.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const PROMPTS = ['france is governed from [MASK].', 'the ministries of france are in [MASK].'];
const FACT = ['--model', 'demo', '--answer', 'paris', ...PROMPTS.flatMap(prompt => ['--prompt', prompt])];

interface Found {
  answer: string;
  neurons: [number, number][];
  prompts: { prompt: string; probability: number; rank: number; coarse: [number, number][] }[];
}

interface Effect {
  answer: string;
  neurons: [number, number][];
  prompts: { prompt: string; before: Prediction; after: Prediction }[];
}

interface Prediction {
  probability: number;
  rank: number;
  top: { token: string; probability: number }[];
}

describe('kn find --prompt', () => {
  it('prints one JSON object: answer, refined neurons, coarse neurons of each prompt', async () => {
    const { code, stdout } = await kn(['find', ...FACT, '--json']);
    expect(code).toBe(0);
    const found: Found = JSON.parse(stdout);
    expect(Object.keys(found)).toEqual(['answer', 'answerTokens', 'neurons', 'prompts']);
    expect(found.answer).toBe('paris');
    expect(found.prompts.map(({ prompt }) => prompt)).toEqual(PROMPTS);
    expect(Object.keys(found.prompts[0])).toEqual(['prompt', 'probability', 'rank', 'coarse']);
    expect(found.prompts.map(({ rank }) => rank)).toEqual([1, 1]);
    for (const { probability } of found.prompts) expect(probability).toBeGreaterThan(0.5);
    // More than half of two prompts: in both.
    const [first, second] = found.prompts.map(({ coarse }) => coarse.map(String));
    expect(found.neurons.map(String)).toEqual(first.filter(neuron => second.includes(neuron)));
    expect(found.neurons.length).toBeGreaterThan(0);
  });

  it("writes every prompt's scores, a row a layer, with their convergence deltas", async () => {
    const file = join(temporaryFolder(), 'scores.json');
    const { code } = await kn(['find', ...FACT, '--scores', file]);
    expect(code).toBe(0);
    const {
      prompts,
    }: { prompts: { prompt: string; answer: string; scores: number[][]; convergenceDelta: number[] }[] } =
      JSON.parse(readFileSync(file, 'utf8'));
    expect(prompts.map(({ prompt, answer }) => [prompt, answer])).toEqual(
      PROMPTS.map(prompt => [prompt, 'paris']),
    );
    for (const { scores, convergenceDelta } of prompts) {
      expect(scores.map(row => row.length)).toEqual([512, 512]);
      expect(convergenceDelta).toHaveLength(2);
    }
  });

  it("prints each layer's convergence delta for each prompt, those of --scores", async () => {
    const file = join(temporaryFolder(), 'scores.json');
    const asked = ['find', ...FACT, '--rule', 'gausslegendre', '--steps', '3', '--convergence'];
    const { prompts } = JSON.parse((await kn([...asked, '--json', '--scores', file])).stdout);
    expect(Object.keys(prompts[0])).toEqual(['prompt', 'probability', 'rank', 'coarse', 'convergenceDelta']);
    const written = JSON.parse(readFileSync(file, 'utf8')).prompts;
    const deltas: number[][] = [0, 1].map(i => prompts[i].convergenceDelta);
    expect(deltas).toEqual([0, 1].map(i => written[i].convergenceDelta));
    const { stdout } = await kn(asked);
    expect(stdout).toMatch(/convergence delta +prompt 1 +prompt 2\n/);
    for (const layer of [0, 1]) {
      const row = new RegExp(`^ +layer ${layer} +(\\S+) +(\\S+)$`, 'm').exec(stdout);
      expect(row?.slice(1)).toEqual(deltas.map(ofPrompt => ofPrompt[layer].toExponential(1)));
    }
  });

  it('prints a table for people, how the answer stands before the neurons, and warns of nothing', async () => {
    const { stdout, stderr } = await kn(['find', ...FACT]);
    expect(stdout).toMatch(/^ +prompt +probability of "paris" +rank +coarse neurons\n/);
    expect(stdout).toMatch(/\n +france is governed from \[MASK\]\. +6\d\.\d% +1 +\d+\n/);
    expect(stderr).not.toContain('Warning');
    expect(stdout).toMatch(/\d+ refined neurons of "paris": coarse in more than 0\.5 of 2 prompts/);
    expect(stdout).toMatch(/layer 1 +\d/);
  });

  it('says that the model does not know an answer of nonsense, whose rank is defined, and finds its neurons', async () => {
    const nonsense = ['find', '--model', 'demo', '-a', 'qwrtz', ...PROMPTS.flatMap(prompt => ['-p', prompt])];
    const { code, stdout, stderr } = await kn(nonsense);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ +prompt +probability of "qwrtz" +worst rank +coarse neurons\n/);
    expect(stdout).toContain(
      '"qwrtz" is 5 tokens, "q" "##w" "##r" "##t" "##z": its probability is the product',
    );
    expect(stderr).toMatch(
      /Warning: not every token of "qwrtz" is among the 100 .* in any of 2 prompts \(worst ranks \d+ to \d+\)/,
    );
    const given = ['--neurons', '[[1,2]]', '--json'];
    const suppressed = await kn(['suppress', ...nonsense.slice(1), ...given]);
    expect(suppressed.code).toBe(0);
    expect(suppressed.stderr).toMatch(/^\{"notice":"Warning: .* in any of 2 prompts/m);
    expect(JSON.parse(suppressed.stdout).answerTokens).toHaveLength(5);
    const erased = await kn(['erase', ...nonsense.slice(1), ...given, '--unrelated-facts', '0']);
    expect([erased.code, erased.stderr]).toEqual([
      0,
      expect.stringMatching(/Warning: .* in any of 2 prompts/),
    ]);
  });

  it('reads prompts from a file and from standard input', async () => {
    const file = join(temporaryFolder(), 'prompts.txt');
    writeFileSync(file, `\ufeff${PROMPTS.join('\r\n')}\n\n`); // as an editor on Windows writes it
    const ask = ['find', '--model', 'demo', '-a', 'paris', '--json', '--prompts'];
    const wanted = (await kn(['find', ...FACT, '--json'])).stdout;
    expect((await kn([...ask, file])).stdout).toBe(wanted);
    expect((await kn([...ask, '-'], { stdin: PROMPTS.join('\n') })).stdout).toBe(wanted);
    const nothing = await kn([...ask, '-']);
    expect([nothing.code, nothing.stderr]).toEqual([
      1,
      'kn: standard input: no prompts\nA prompt file has a prompt a line.\n',
    ]);
  });
});

describe('kn suppress and kn enhance --prompt', () => {
  it('print before and after as JSON: probability, rank and the top five', async () => {
    const suppressed: Effect = JSON.parse((await kn(['suppress', ...FACT, '--json'])).stdout);
    const enhanced: Effect = JSON.parse((await kn(['enhance', ...FACT, '--json'])).stdout);
    expect(Object.keys(suppressed)).toEqual(['answer', 'answerTokens', 'neurons', 'prompts']);
    expect(suppressed.prompts.map(({ prompt }) => prompt)).toEqual(PROMPTS);
    for (const [i, { before, after }] of suppressed.prompts.entries()) {
      expect(before.rank).toBe(1);
      expect(before.top).toHaveLength(5);
      expect(before.top[0]).toEqual({ token: 'paris', probability: before.probability });
      expect(after.probability).toBeLessThan(0.7 * before.probability);
      expect(enhanced.prompts[i].before).toEqual(before);
      expect(enhanced.prompts[i].after.probability).toBeGreaterThan(after.probability);
    }
  });

  it('take given neurons, as a list or from what kn find printed', async () => {
    const file = join(temporaryFolder(), 'found.json');
    const found = (await kn(['find', ...FACT, '--json'])).stdout;
    writeFileSync(file, found);
    const list = JSON.stringify(JSON.parse(found).neurons);
    const wanted = (await kn(['suppress', ...FACT, '--json'])).stdout;
    expect((await kn(['suppress', ...FACT, '--json', '--neurons', list])).stdout).toBe(wanted);
    expect((await kn(['suppress', ...FACT, '--json', '--neurons', file])).stdout).toBe(wanted);
  });

  it('enhance by the factor: with 1 nothing changes, with 0 it is to suppress', async () => {
    const one: Effect = JSON.parse((await kn(['enhance', ...FACT, '--json', '--factor', '1'])).stdout);
    for (const { before, after } of one.prompts)
      expect(Math.abs(after.probability - before.probability)).toBeLessThan(1e-6);
    const zero = await kn(['enhance', ...FACT, '--json', '--factor', '0']);
    expect(zero.stdout).toBe((await kn(['suppress', ...FACT, '--json'])).stdout);
  });

  it.each(['suppress', 'erase'])('show a prompt on one line, whatever is in it: kn %s', async command => {
    const prompt = ['--model', 'demo', '--answer', 'paris', '--prompt', 'france\nis governed from [MASK].'];
    const { stdout } = await kn([command, ...prompt, '--neurons', '[[0,1]]']);
    expect(stdout).toContain('\nfrance\\nis governed from [MASK].\n');
  });

  it('print a table for people, and say so where there is nothing to change', async () => {
    const { stdout } = await kn(['suppress', ...FACT]);
    expect(stdout).toMatch(/probability of "paris" +\d+\.\d% +\d+\.\d% +-\d+\.\d%/);
    expect(stdout).toMatch(/most probable +paris \d+\.\d%/);
    const none = await kn(['suppress', ...FACT, '--threshold', '9']);
    expect(none.stdout).toContain(
      'No neuron is coarse in any of the prompts; a lower threshold may find some.',
    );
  });
});

describeWith(GOLDEN_BERT, 'the golden model on the command line', () => {
  const golden = readGolden();
  const ask = [
    '--model',
    GOLDEN_BERT,
    '--answer',
    golden.target,
    ...golden.prompts.flatMap(prompt => ['-p', prompt]),
  ];

  it('gives the scores of the golden file, and its neurons exactly', async () => {
    const file = join(temporaryFolder(), 'scores.json');
    const { stdout } = await kn(['find', ...ask, '--json', '--scores', file, '--share', '0.3']);
    const found: Found = JSON.parse(stdout);
    expect(found.neurons).toEqual(golden.refined['p_0.3']);
    expect(found.prompts[0].coarse).toEqual(golden.coarse.adaptive_threshold_0_3);
    const { prompts } = JSON.parse(readFileSync(file, 'utf8'));
    expect(relativeError(prompts[0].scores.flat(), golden.attribution[0].scores.flat())).toBeLessThan(1e-4);
  });
});
