import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ChangeReport } from '../../library/change-report.js';
import { kn } from '../../testing/run-kn.js';
import { describeWith, GOLDEN_BERT, GOLDEN_GPT2, GOLDEN_MODELS, readGolden } from '../../testing/shared.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const PROMPT = 'france is governed from [MASK].';
const OTHER = 'the ministries of france are in [MASK].';
const FACT = ['--model', 'demo', '--answer', 'paris', '--prompt', PROMPT];

async function report(args: readonly string[]): Promise<ChangeReport> {
  const { code, stdout, stderr } = await kn([...args, '--json', '--quiet']);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
}

describe('kn erase', () => {
  it('prints before and after of the fact, of other wordings and of unrelated facts, as JSON', async () => {
    const { prompts, otherPrompts, unrelated, ...rest } = await report([
      'erase',
      ...FACT,
      '--other-prompt',
      OTHER,
    ]);
    const found = JSON.parse((await kn(['find', ...FACT, '--json'])).stdout);
    expect(rest).toEqual({
      answer: 'paris',
      answerTokens: ['paris'],
      erased: 'zero',
      neurons: found.neurons,
    });
    expect(prompts.map(({ prompt }) => prompt)).toEqual([PROMPT]);
    expect(otherPrompts.map(({ prompt }) => prompt)).toEqual([OTHER]);
    for (const { before, after } of [...prompts, ...otherPrompts]) {
      expect(before.rank).toBe(1);
      expect(before.top[0]).toEqual({ token: 'paris', probability: before.probability });
      expect(after.probability).toBeLessThan(0.5 * before.probability);
      expect(after.top).toHaveLength(5);
    }
    expect(unrelated).toMatchObject({ data: 'demo', seed: 42, facts: 20 });
    expect(Math.abs(unrelated?.change ?? Number.NaN)).toBeLessThan(0.05);
    expect(unrelated?.stillAnswered).toBeGreaterThan(0.95);
    expect(unrelated?.logPerplexityAfter).not.toBe(unrelated?.logPerplexityBefore);
  });

  it('erases with the unknown token too, which is another change', async () => {
    const ask = ['erase', ...FACT, '--neurons', '[[1,171],[1,236]]', '--unrelated-facts', '0'];
    const [zero, unk] = [await report(ask), await report([...ask, '--value', 'unk'])];
    expect([zero.erased, unk.erased]).toEqual(['zero', 'unk']);
    expect(unk.prompts[0].before).toEqual(zero.prompts[0].before);
    expect(unk.prompts[0].after).not.toEqual(zero.prompts[0].after);
    expect(zero.unrelated).toBeNull();
  });

  it('draws unrelated facts by the seed, the same each time', async () => {
    const ask = ['erase', ...FACT, '--neurons', '[[1,171]]', '--unrelated-facts', '5', '--seed'];
    const [first, again, other] = [
      await report([...ask, '1']),
      await report([...ask, '1']),
      await report([...ask, '2']),
    ];
    expect(again).toEqual(first);
    expect(other.unrelated?.logPerplexityBefore).not.toBe(first.unrelated?.logPerplexityBefore);
  });

  it('prints tables for people, and says so where there is nothing to erase', async () => {
    const { stdout } = await kn(['erase', ...FACT, '--other-prompt', OTHER]);
    expect(stdout).toMatch(/^Erased the values of \d+ neurons with zeros: \[1,171\]/);
    expect(stdout).toMatch(/probability of "paris" +62\.8% +\d+\.\d% +-\d+\.\d%/);
    expect(stdout).toContain(`In other words\n\n${OTHER}\n`);
    expect(stdout).toMatch(/20 unrelated facts of demo, \d+ prompts\n/);
    expect(stdout).toMatch(/log-perplexity +\d\.\d{3} +\d\.\d{3} +[+-]?\d\.\d{3}/);
    const none = await kn(['erase', ...FACT, '--threshold', '9', '--unrelated-facts', '0']);
    expect(none.stdout).toContain(
      'Erased the values of 0 neurons with zeros\nNo neuron is coarse in any of the prompts; a lower threshold',
    );
  });
});

describe('kn edit', () => {
  it('shows the new answer beside the old one, and says what the edit took away', async () => {
    const { target, edited, erased, prompts } = await report(['edit', ...FACT, '--to', 'rome']);
    expect({ target, edited, erased }).toEqual({
      target: 'rome',
      edited: { rule: 'eleutherai', original: 'paris', lambda1: 2, lambda2: 2 },
      erased: undefined,
    });
    const [{ before, after }] = prompts;
    expect(after.probability).toBeLessThan(0.1 * before.probability);
    expect(after.target?.probability).toBeGreaterThan(2 * (before.target?.probability ?? 1));
  });

  it("has the paper's rule, with lambdas of its own and those that are given", async () => {
    const ask = ['edit', ...FACT, '--to', 'rome', '--edit-rule', 'paper', '--unrelated-facts', '0'];
    const paper = await report(ask);
    expect(paper.edited).toEqual({ rule: 'paper', original: 'paris', lambda1: 1, lambda2: 8 });
    const none = await report([...ask, '--lambda1', '0', '--lambda2', '0']);
    expect(none.edited).toMatchObject({ lambda1: 0, lambda2: 0 });
    expect(none.prompts[0].after).toEqual(none.prompts[0].before);
  });

  it('prints a table for people', async () => {
    const { stdout } = await kn(['edit', ...FACT, '--to', 'rome', '--unrelated-facts', '0']);
    expect(stdout).toMatch(/^Edited the values of \d+ neurons from "paris" to "rome": \[1,171\]/);
    expect(stdout).toMatch(/probability of "rome" +0\.016% +\d/);
  });
});

describe.each(GOLDEN_MODELS)('%s', model => {
  describeWith(model, 'kn edit and kn erase', () => {
    const { neurons, edits } = readGolden(model);

    // That of several tokens; value-changes.test.ts has them all.
    it.each(edits.slice(-1))('give the probabilities of the golden file: $prompt', async golden => {
      const { prompt, target, edit_to, edit_before, edit, before, erase_zero } = golden;
      const ask = ['--model', model, '-p', prompt, '-a', target, '--neurons', JSON.stringify(neurons)];
      const edited = await report(['edit', ...ask, '--to', edit_to, '--unrelated-facts', '0']);
      const erased = await report(['erase', ...ask, '--unrelated-facts', '0']);
      // 1e-5 for each token of an answer: these have up to nine.
      for (const [shown, wanted] of [
        [edited.prompts[0].before.target, edit_before],
        [edited.prompts[0].after.target, edit],
        [erased.prompts[0].before, before],
        [erased.prompts[0].after, erase_zero],
      ] as const)
        expect(Math.abs((shown?.probability ?? 0) / wanted.target_prob - 1)).toBeLessThan(9e-5);
    });
  });
});

describe('--save', () => {
  it('leaves a model that kn loads, with the fact erased in it, and says so', async () => {
    const folder = join(temporaryFolder(), 'erased');
    const { stdout } = await kn(['erase', ...FACT, '--unrelated-facts', '0', '--save', folder]);
    expect(stdout).toContain(
      `The changed model is in ${folder}.\nIts weights are F16, as before: the new values are rounded to that.\n`,
    );
    const ask = ['--answer', 'paris', '--prompt', PROMPT, '--neurons', '[[0,0]]', '--unrelated-facts', '0'];
    const [before, after] = [
      await report(['erase', '--model', 'demo', ...ask]),
      await report(['erase', '--model', folder, ...ask]),
    ];
    expect(after.prompts[0].before.probability).toBeLessThan(0.5 * before.prompts[0].before.probability);
  });

  describeWith(GOLDEN_GPT2, 'of a model in F32', () => {
    it('keeps the probabilities to the last digit', async () => {
      const folder = join(temporaryFolder(), 'edited');
      const ask = [
        '-p',
        'The capital of France is',
        '-a',
        'Paris',
        '--neurons',
        '[[1,73],[3,12]]',
        '--to',
        'London',
      ];
      const edit = (model: string) => ['edit', '--model', model, ...ask, '--unrelated-facts', '0'];
      const edited = await report([...edit(GOLDEN_GPT2), '--save', folder]);
      expect(edited.saved).toEqual({ folder, types: ['F32'] });
      expect((await report(edit(folder))).prompts[0].before).toEqual(edited.prompts[0].after);
    });
  });

  it('refuses a folder that holds something before it computes anything', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    const { code, stderr, stdout } = await kn(['erase', ...FACT, '--save', folder]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      `kn: ${folder}: holds notes.txt, and nothing is overwritten\nName a folder that is not there yet, or an empty one.\n`,
    );
    expect(readFileSync(join(folder, 'notes.txt'), 'utf8')).toBe('mine');
  });

  it('saves nothing where no neuron was found', async () => {
    const cwd = temporaryFolder();
    const { code, stderr } = await kn(['erase', ...FACT, '--threshold', '9', '--save', 'erased', '--quiet'], {
      cwd,
    });
    expect([code, stderr]).toEqual([
      1,
      'kn: no neuron to change was found, so that nothing is saved\nNo neuron is coarse in any of the prompts; a lower threshold may find some.\n',
    ]);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('leaves nothing on a full disk, and says so in a line', async () => {
    const cwd = temporaryFolder();
    const args = ['erase', ...FACT, '--unrelated-facts', '0', '--quiet', '--save', 'erased'];
    const { code, stderr, stdout } = await kn(args, { cwd, shell: 'ulimit -f 600;' });
    expect(stderr).toBe(
      'kn: erased: cannot be written (file too large)\nName a folder that may be written, on a disk with room.\n',
    );
    expect([code, stdout]).toEqual([1, '']);
    expect(readdirSync(cwd)).toEqual([]);
  });
});

describe('what cannot be erased or edited', () => {
  it.each<[string[], number, string]>([
    [['erase', '--model', 'demo'], 2, 'kn erase needs --prompt and --answer'],
    [['erase', '--model', 'demo', '-a', 'paris'], 2, 'kn erase needs --prompt and --answer'],
    [['edit', '--model', 'demo', '-p', PROMPT, '--to', 'rome'], 2, 'kn edit needs --prompt and --answer'],
    [['edit', ...FACT], 2, 'kn edit needs --to'],
    [['edit', ...FACT, '--to', '日'], 1, 'the answer "日" has characters that the vocabulary lacks'],
    [['edit', ...FACT, '--to', 'rome', '--edit-rule', 'mine'], 2, 'Allowed choices are eleutherai, paper'],
    [['edit', ...FACT, '--to', 'rome', '--lambda2', 'x'], 2, 'Expected a number from 0 to 1000000'],
    [['erase', ...FACT, '--value', 'one'], 2, 'Allowed choices are zero, unk'],
    [['erase', ...FACT, '--neurons', '[[2,0]]'], 1, 'the model has no neuron [2, 0]'],
    [['erase', ...FACT, '--other-prompt', 'nothing asked'], 1, 'has no [MASK], where one is needed'],
    [['erase', ...FACT, '--other-prompts', './none.txt'], 1, './none.txt: cannot be read'],
    [
      ['erase', ...FACT, '--save', './no/erased'],
      1,
      './no/erased: cannot be written (no such file or directory)',
    ],
    [['erase', ...FACT, '--save', 'erased', '--lambda2', '3'], 2, "unknown option '--lambda2'"],
    [['erase', ...FACT, '--data', './nowhere'], 1, '--unrelated-facts 0 does without'],
    [['erase', ...FACT, '--data', 'pararel'], 1, 'PARAREL is not in the cache'],
    [
      ['edit', ...FACT, '--to', 'rome', '--lambda2', '1000000', '--save', 'edited'],
      1,
      'is more than F16 holds, in which tensor',
    ],
  ])('%o', async (args, code, message) => {
    const cwd = temporaryFolder();
    const result = await kn(args, { cwd });
    expect(result.stderr).toContain(message);
    expect(result.stderr).not.toContain('    at ');
    expect([result.code, result.stdout]).toEqual([code, '']);
    expect(readdirSync(cwd)).toEqual([]);
  });

  describeWith(GOLDEN_GPT2, 'a GPT', () => {
    it('has no unknown token to erase with', async () => {
      const ask = [
        'erase',
        '--model',
        GOLDEN_GPT2,
        '-p',
        'The capital of France is',
        '-a',
        'Paris',
        '--value',
        'unk',
      ];
      const { code, stderr } = await kn([...ask, '--unrelated-facts', '0', '--quiet']);
      expect([code, stderr]).toEqual([
        2,
        'kn: the model has no unknown token: its vocabulary lacks nothing, as that of any GPT\nErase with --value zero.\n',
      ]);
    });
  });

  describeWith(GOLDEN_BERT, 'a data set', () => {
    it('without a fact that the model can be asked is refused', async () => {
      const ask = ['--model', GOLDEN_BERT, '-p', 'the capital of france is [MASK] .', '-a', 'paris'];
      const data = temporaryFolder();
      for (const folder of ['graphs_json', 'trex_lms_vocab']) mkdirSync(join(data, folder));
      writeFileSync(join(data, 'graphs_json/P1.jsonl'), '{"pattern": "[X] is [Y]."}\n');
      writeFileSync(
        join(data, 'trex_lms_vocab/P1.jsonl'),
        '{"sub_label": "france", "obj_label": "red", "uuid": "a"}\n{"sub_label": "x", "obj_label": "日", "uuid": "b"}\n',
      );
      const { code, stderr } = await kn(['erase', ...ask, '--data', data, '--quiet']);
      expect(code).toBe(1);
      expect(stderr).toBe(
        `kn: ${data}: has no unrelated fact that the model can be asked\nChoose other data with --data, or --unrelated-facts 0.\n`,
      );
    });
  });
});
