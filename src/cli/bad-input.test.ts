/** Input that a user gets wrong: one clear line or two, the right exit code, nothing lost. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { chmod, cp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEMO_MODEL } from '../embedded.js';
import { expectRefusal } from '../testing/expect-refusal.js';
import { KN, kn } from '../testing/run-kn.js';
import { temporaryFolder } from '../testing/temporary-folder.js';

const one = ['--model', 'demo', '--answer', 'paris', '--prompt', 'france is governed from [MASK].'];

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
    expect(data).toContain(
      'A neuron file holds {"uuid": [[layer, index], ...], ...}. kn find and kn evaluate pararel write one',
    );
    const fact = await expectRefusal(['suppress', ...one, '--neurons', file], 1, /neurons_0\.json: not JSON/);
    expect(fact).toContain('One fact takes a file of [[layer, index], ...]');
    const folder = await expectRefusal(['suppress', ...one, '--neurons', '.'], 1, /\.: it is a folder/);
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
    expect(existsSync(results)).toBe(false);
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
    const none = { HOME: undefined, KN_CACHE: undefined, HF_HOME: undefined };
    const { code, stderr } = await kn(['doctor'], { env: none, shell });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^kn: this user has no home folder\nSet HOME to a folder that may be written/m);
    expect(stderr).not.toContain('    at ');
    const named = { ...none, KN_CACHE: '/nowhere/c', KN_DATA: '/nowhere/d', HF_HOME: '/nowhere/h' };
    const found = await kn(['find', '--model', 'demo', '--engine', 'wasm', ...one.slice(2)], {
      env: named,
      shell,
    });
    expect([found.code, found.stderr.includes('home')]).toEqual([0, false]);
    const fetched = await kn(['find', '--model', 'org/none', ...one.slice(2)], { env: named, shell });
    expect(fetched.stderr).toMatch(/^kn: org\/none: not in the cache, and .* cannot be reached/m);
  });
});
