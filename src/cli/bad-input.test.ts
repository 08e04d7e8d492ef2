/** What a user gets wrong: one clear line or two, the right exit code, no stack, nothing written. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { chmod, cp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEMO_MODEL } from '../embedded.js';
import { KN, kn } from '../testing/run-kn.js';
import { temporaryFolder } from '../testing/temporary-folder.js';

async function expectRefusal(
  args: readonly string[],
  code: number,
  message: string | RegExp,
): Promise<string> {
  const cwd = temporaryFolder();
  const result = await kn(args, { cwd });
  expect(result.stderr).toMatch(message);
  expect(result.code).toBe(code);
  expect(result.stdout).toBe('');
  expect(result.stderr).not.toContain('    at ');
  expect(readdirSync(cwd)).toEqual([]);
  return result.stderr;
}

const one = ['--model', 'demo', '--answer', 'paris', '--prompt', 'france is governed from [MASK].'];

describe('a command line that means nothing', () => {
  it.each<[string[], RegExp]>([
    [['serve'], /unknown command 'serve'/],
    [['evaluate'], /Commands:\n +pararel .*\n +update .*\n +erasure /],
    [['evaluate', 'lama'], /unknown command 'lama'/],
    [['evaluate', 'update', '--model', 'demo', '--shared', '2'], /Expected a number from 0 to 1/],
    [
      ['evaluate', 'update', '--model', 'demo', '--edit-rule', 'rome'],
      /Allowed choices are eleutherai, paper/,
    ],
    [['evaluate', 'erasure', '--model', 'demo', '--top', '0'], /Expected a whole number from 1/],
    [
      ['evaluate', 'erasure', '--model', 'demo', '--relations', 'P36,P30', '--erase', 'P36,P19'],
      /--erase: no fact of a relation P19 is selected\nThere are facts of P30, P36/,
    ],
    [['find', '--shares', '0.5'], /unknown option '--shares'\n\(Did you mean --share\?\)/],
    [
      ['find', ...one, '--steps', '0'],
      /'--steps <n>' argument '0' is invalid. Expected a whole number from 1 to 10000/,
    ],
    [['find', ...one, '--steps', '2.5'], /Expected a whole number/],
    [['find', ...one, '--steps', '1'], /--steps: riemann_endpoints takes 2 or more, not 1/],
    [['find', ...one, '--share', '1'], /Expected a number from 0 to below 1/],
    [['find', ...one, '--share', 'half'], /Expected a number from 0 to below 1/],
    [['find', ...one, '--adaptive-threshold', '-0.1'], /Expected a number from 0 to 1/],
    [['find', ...one, '--percentile', '101'], /Expected a number from 0 to 100/],
    [
      ['find', ...one, '--threshold', '1', '--percentile', '5'],
      /'--threshold <score>' cannot be used with option '--percentile <p>'/,
    ],
    [['find', ...one, '--rule', 'simpson'], /Allowed choices are riemann_endpoints, riemann_left/],
    [['find', ...one, '--method', 'saliency'], /Allowed choices are integrated_gradients, gradient_x/],
    [
      ['find', ...one, '--method', 'activation', '--steps', '20'],
      /--steps is of no use with --method activation\nLeave out one of them/,
    ],
    [
      [
        'evaluate',
        'pararel',
        '--model',
        'demo',
        '--method',
        'gradient_x_activation',
        '--rule',
        'gausslegendre',
      ],
      /--rule is of no use with --method gradient_x_activation/,
    ],
    [['enhance', ...one, '--factor', '-2'], /Expected a number from 0 to 1000000/],
    [['evaluate', 'pararel', '--model', 'demo', '--workers', '0'], /Expected a whole number from 1 to 1024/],
    [['evaluate', 'pararel', '--model', 'demo', '--limit', '0'], /Expected a whole number from 1/],
    [
      ['evaluate', 'pararel', '--model', 'demo', '--relations', 'P36,'],
      /Expected names with commas between them/,
    ],
    [['evaluate', 'pararel', '--model', 'demo', '--relations', 'P36,P99'], /has no relation P99/],
    [
      ['evaluate', 'pararel', '--model', 'demo', '--relations', 'P36'],
      /none is unrelated to another\nChoose two relations or more/,
    ],
    [['evaluate', 'pararel', '--model', 'demo', '--facts', 'zz'], /no fact has the uuid zz/],
    [['find', '--model', 'demo', '--prompt', 'x [MASK]'], /--prompt needs --answer/],
    [['find', '--model', 'demo', '--answer', 'paris'], /--answer needs a --prompt/],
    [['suppress', ...one, '--neurons', '[[1,2],[1'], /--neurons '\[\[1,2\],\[1': /],
    [['find', ...one, '--limit', '3'], /--limit is for a run over a data set/],
    [['find', ...one, '--max-answer-tokens', '1'], /--max-answer-tokens is for a run over a data set/],
    [['find', '--model', 'demo', '--scores', 'x.json'], /--scores is for one fact/],
    [['find', ...one, '--negatives', '3'], /--negatives is for a run over a data set/],
    [
      ['find', '--model', 'demo', '--negative-prompt', 'x [MASK]'],
      /--negative-prompt and --negative-prompts are for one fact\n.*over a data set, --negatives/,
    ],
    [
      ['suppress', '--model', 'demo', '--neurons', '[]', '--negatives', '3'],
      /--negatives is for neurons that are found, and --neurons gives them\nLeave out one of them/,
    ],
    ...['suppress', 'erase'].map((command): [string[], RegExp] => [
      [command, ...one, '--neurons', '[]', '--negative-prompt', 'x [MASK]'],
      /negative prompts are for neurons that are found, and --neurons gives them\nLeave out one of them/,
    ]),
    [
      ['find', ...one, '--prompts', '-', '--negative-prompts', '-'],
      /--prompts and --negative-prompts cannot both be standard input/,
    ],
    [['find', '--model', 'demo', '--convergence'], /--convergence is for one fact/],
    [
      ['find', ...one, '--convergence', '--method', 'activation'],
      /--convergence is of integrated gradients, not of --method activation/,
    ],
    [['find', ...one.with(3, '')], /--answer is empty\nGive it a value/],
    [['find', ...one, '--prompt', ''], /--prompt is empty/],
    [['evaluate', 'update', '--model', 'demo', '--neurons', ''], /--neurons is empty/],
    [['erase', ...one, '--save', ''], /--save is empty/],
    [['plot', '--results', 'here', ''], /--results is empty/],
    [['compare', 'here', ''], /<B> is empty/],
  ])('%o exits with 2', async (args, message) => {
    await expectRefusal(args, 2, message);
  });
});

describe('input that cannot be used', () => {
  it.each<[string[], RegExp]>([
    [['find', ...one.with(1, './nowhere')], /\.\/nowhere: no such folder/],
    [
      ['find', ...one.with(1, 'bert-base-uncased')],
      /bert-base-uncased: not in the cache, and .* cannot be reached[\s\S]*--model demo/,
    ],
    [
      ['find', '--model', 'demo'].concat(['--data', 'pararel']),
      /PARAREL is not in the cache, and .* cannot be fetched[\s\S]*--data demo/,
    ],
    [
      ['evaluate', 'pararel', '--model', 'demo', '--data', './nowhere'],
      /nowhere\/trex_lms_vocab: cannot be read \(no such file or directory\)\nA data set is a folder with/,
    ],
    [['find', ...one.with(3, '日')], /the answer "日" has characters that the vocabulary lacks/],
    [['find', ...one.with(5, 'france is governed')], /the prompt "france is governed" has no \[MASK\]/],
    [['find', ...one.with(5, '[MASK] [MASK]')], /has 2 \[MASK\], where one is needed/],
    [['find', ...one.with(5, `${'france '.repeat(70)}[MASK]`)], /is 73 tokens long, and the model takes 64/],
    [
      ['find', ...one.slice(0, 4), '--prompts', './none.txt'],
      /\.\/none\.txt: cannot be read \(no such file or directory\)/,
    ],
    [
      ['suppress', ...one, '--neurons', '[[7,0]]'],
      /the model has no neuron \[7, 0\]\nIts layers are 0 to 1, its neurons 0 to 511/,
    ],
    [
      ['suppress', ...one, '--neurons', './none.json'],
      /\.\/none\.json: cannot be read \(no such file or directory\)/,
    ],
    [
      ['suppress', '--model', 'demo', '--neurons', './none.json'],
      /\.\/none\.json: cannot be read \(no such file or directory\)/,
    ],
    [
      ['find', ...one, '--engine', 'tensorflow'],
      /the tensorflow engine is not set up\nRun kn setup tensorflow, or leave --engine out/,
    ],
    [['plot', '--results', './nowhere'], /\.\/nowhere: cannot be read \(no such file or directory\)/],
    [
      ['find', ...one, '--scores', './no/scores.json'],
      /\.\/no\/scores\.json: cannot be written .*\nName another file with --scores/,
    ],
    [['find', ...one, '--scores', '.'], /\.: cannot be written \(it is a folder\)/],
    [['plot'], /results: no results folder in it/],
  ])('%o exits with 1', async (args, message) => {
    await expectRefusal(args, 1, message);
  });

  it.runIf(process.platform === 'linux')('a folder that cannot be made is named at once', async () => {
    const missing = /^kn: \/proc\/kn: cannot be written \(no such file or directory\)\nMake it writable/;
    await expectRefusal(['find', '--model', 'demo', '--results', '/proc/kn'], 1, missing);
    const results = join(temporaryFolder(), 'm_pararel_results_0.json');
    const change = { pct_change: [0.5], correct_before: [true], correct_after: [true], n_prompts: 1 };
    const both = { related: change, unrelated: change };
    const counts = { n_refined_neurons: 1, n_unrelated_neurons: 1, relation_name: 'P36' };
    writeFileSync(results, JSON.stringify({ a: { suppression: both, enhancement: both, ...counts } }));
    await expectRefusal(
      ['plot', '--results', dirname(results), '--out', '/proc/kn'],
      1,
      /^kn: \/proc\/kn: cannot be written .*\nName another folder with --out/,
    );
  });

  it('a folder without the files of a model, or with a config.json that was cut off, is told what one has', async () => {
    const folder = temporaryFolder();
    const remedy = 'A model is a folder in the Hugging Face layout: config.json, weights, tokenizer.';
    const absent = await expectRefusal(['find', ...one.with(1, folder)], 1, /config\.json: cannot be read/);
    expect(absent).toContain(remedy);
    writeFileSync(join(folder, 'config.json'), '{"model_type": "gpt2"');
    expect(await expectRefusal(['find', ...one.with(1, folder)], 1, /config\.json: not JSON/)).toContain(
      remedy,
    );
  });

  it('a neuron file that was cut off is told what one holds', async () => {
    const file = join(temporaryFolder(), 'm_pararel_neurons_0.json');
    writeFileSync(file, '{"a": [[1, 2], [3');
    const data = await expectRefusal(
      ['suppress', '--model', 'demo', '--neurons', file],
      1,
      /neurons_0\.json: not JSON/,
    );
    expect(data).toContain('A neuron file holds {"uuid": [[layer, index], ...], ...}.');
    const fact = await expectRefusal(['suppress', ...one, '--neurons', file], 1, /neurons_0\.json: not JSON/);
    expect(fact).toContain('One fact takes a file of [[layer, index], ...]');
    const folder = await expectRefusal(['suppress', ...one, '--neurons', '.'], 1, /\.: cannot be read/);
    expect(folder).toContain('a folder of them, is for a run over a data set');
  });

  it('truncated weights name the file', async () => {
    const folder = temporaryFolder();
    await cp(DEMO_MODEL, folder, { recursive: true });
    const weights = readFileSync(join(folder, 'model.safetensors'));
    writeFileSync(join(folder, 'model.safetensors'), weights.subarray(0, weights.length - 1000));
    const stderr = await expectRefusal(
      ['find', ...one.with(1, folder)],
      1,
      /model\.safetensors: tensor cls\.predictions/,
    );
    expect(stderr).toContain("it lies out of the file's range");
    await expectRefusal(
      ['evaluate', 'pararel', '--model', folder, '--data', 'demo', '--results', '/dev/null/x'],
      1,
      /\/dev\/null\/x: cannot be written/,
    );
  });

  it('a bad model ends a run before it begins: no result file is there', async () => {
    const folder = temporaryFolder();
    await cp(DEMO_MODEL, folder, { recursive: true });
    writeFileSync(join(folder, 'model.safetensors'), 'not weights at all');
    const results = join(temporaryFolder(), 'out');
    const { code, stderr } = await kn([
      'evaluate',
      'pararel',
      '--model',
      folder,
      '--data',
      'demo',
      '--results',
      results,
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain('model.safetensors: its first bytes announce a header of');
    expect(readdirSync(results)).toEqual([]);
  });

  it.skipIf(process.getuid?.() === 0)(
    'a results folder that may not be written is named (skipped for root, who may)',
    async () => {
      const folder = temporaryFolder();
      await chmod(folder, 0o500);
      await expectRefusal(
        ['find', '--model', 'demo', '--results', join(folder, 'out')],
        1,
        /cannot be written \(permission denied\)/,
      );
    },
  );

  it('a results folder that is a file is named, and the file kept', async () => {
    const file = join(temporaryFolder(), 'out');
    writeFileSync(file, 'mine');
    await expectRefusal(
      ['find', '--model', 'demo', '--results', file],
      1,
      /out: cannot be written \(file already exists\)/,
    );
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  it('a result file that is no result file is named, and no figure drawn', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'm_pararel_results_0.json'), '{"u": {"n_refined_neurons": "three"}}');
    await expectRefusal(
      ['plot', '--results', folder],
      1,
      /m_pararel_results_0\.json: "u\.n_refined_neurons"/,
    );
    expect(existsSync(join(folder, 'figure3.svg'))).toBe(false);
    mkdirSync(join(folder, 'empty'));
    await expectRefusal(
      ['plot', '--results', join(folder, 'empty')],
      1,
      /no result files \(\*_results_<shard>\.json\)/,
    );
  });

  const asNobody = ['--reuid', '54321', '--clear-groups'];
  const canBeNobody = spawnSync('setpriv', [...asNobody, process.execPath, KN, '--version']).status === 0;
  const unless = canBeNobody ? '' : ' (skipped: only root may be another user, who may read these files)';
  it.skipIf(!canBeNobody)(`a user without a home folder is told so${unless}`, async () => {
    const shell = `cd /; run() { exec setpriv ${asNobody.join(' ')} "$@"; }; run "$0" "$@";`;
    const { code, stderr } = await kn(['doctor'], { env: { HOME: undefined }, shell });
    expect(code).toBe(1);
    expect(stderr).toContain('kn: this user has no home folder\nSet HOME to a folder that may be written.\n');
    expect(stderr).not.toContain('    at ');
  });
});
