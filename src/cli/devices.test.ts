/** Runs on devices that differ, that die, and whose memory is full. The engines are those of this machine. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import type { RecordedPlan } from '../experiment/run/settings.js';
import { megabytes } from '../runtime/batch-memory.js';
import { isTensorflowThere } from '../runtime/engines/installed-tensorflow.js';
import { enginesFolder } from '../runtime/folders.js';
import { childrenOf, finalFiles, journalLines, kn, startKn, untilJournalHas } from '../testing/run-kn.js';
import { describeOnSwiftShader, NO_SWIFTSHADER, SWIFTSHADER } from '../testing/swiftshader.js';
import { temporaryFolder } from '../testing/temporary-folder.js';

const own = { KN_DATA: join(enginesFolder(), '..') };
const hasTensorflow = await isTensorflowThere();
const WITHOUT_TENSORFLOW = hasTensorflow ? '' : ' (skipped: kn setup tensorflow was not run here)';

const FIND = ['find', '--model', 'demo', '--relations', 'P36,P30'];
const results = () => join(temporaryFolder(), 'out');
const neuronsIn = (folder: string) => finalFiles(folder)['demo_pararel_neurons_0.json'];
const plansIn = (folder: string): RecordedPlan[] =>
  JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')).plans;

/** What the wasm engine finds, undisturbed. */
async function undisturbed(...more: string[]): Promise<string> {
  const folder = results();
  const { code } = await kn([...FIND, '--engine', 'wasm', '--workers', '1', ...more, '-r', folder], {
    env: own,
  });
  expect(code).toBe(0);
  return neuronsIn(folder);
}

// Slow parts: SwiftShader's kernels, libtensorflow's patience.
vi.setConfig({ testTimeout: 300_000 });

describe('the plan of a run', () => {
  it('is printed once, and stands in run.json', async () => {
    const folder = results();
    const { stderr } = await kn([
      ...FIND,
      '--limit',
      '2',
      '--devices',
      'cpu',
      '--engine',
      'wasm',
      '-r',
      folder,
    ]);
    const [plan, ...others] = plansIn(folder);
    expect(others).toEqual([]);
    expect(plan).toMatchObject({ device: 'cpu', engine: 'wasm', threads: 1, batch_bytes: 210e6 });
    expect(
      stderr.match(
        /^cpu: wasm engine \(tfjs-backend-wasm .*\), \d+ workers? of 1 thread, batches of 210 MB$/gm,
      ),
    ).toHaveLength(1);
  });

  it.skipIf(!hasTensorflow)(
    `may be another one when a run goes on, on another engine, with the same neurons${WITHOUT_TENSORFLOW}`,
    async () => {
      const expected = await undisturbed('--limit', '8');
      const folder = results();
      const run = (engine: string) => [...FIND, '--limit', '8', '--engine', engine, '-r', folder];
      const { child, finished } = startKn(run('wasm'));
      await untilJournalHas(folder, 3);
      child.kill('SIGINT');
      expect((await finished).code).toBe(130);
      const before = journalLines(folder);
      expect(before.length).toBeLessThan(16);
      const { code, stdout } = await kn(run('tensorflow'), { env: own });
      expect(code).toBe(0);
      expect(stdout).toMatch(/^Computed in 2 ways, .*\n {2}wasm engine .*\n {2}tensorflow engine /m);
      expect(journalLines(folder).slice(0, before.length)).toEqual(before);
      expect(plansIn(folder).map(({ engine }) => engine)).toEqual(['wasm', 'tensorflow']);
      expect(neuronsIn(folder)).toBe(expected);
    },
  );
});

describe('a worker killed in the middle of its batch', () => {
  const engines = {
    wasm: { env: {}, absent: '', some: ['--limit', '10'] },
    tensorflow: { env: own, absent: WITHOUT_TENSORFLOW, some: ['--limit', '12'] },
    webgpu: {
      env: SWIFTSHADER ?? {},
      absent: SWIFTSHADER ? '' : ` (skipped: ${NO_SWIFTSHADER})`,
      some: ['--limit', '1', '--steps', '4'],
    },
  };
  for (const [engine, { env, absent, some }] of Object.entries(engines)) {
    it.skipIf(absent !== '')(`costs nothing on the ${engine} engine${absent}`, async () => {
      const expected = await undisturbed(...some);
      const folder = results();
      // One worker on a GPU would take both facts together, and have nothing left to die at.
      const run = [...FIND, ...some, '--engine', engine, '--workers', '2', '-r', folder];
      const { child, finished } = startKn(run, { env });
      await untilJournalHas(folder, 1);
      // Workers are at a fact all the time; one after the other dies at it.
      for (const worker of childrenOf(child)) {
        process.kill(worker, 'SIGKILL');
        await setTimeout(100);
      }
      const { code, stdout } = await finished;
      expect(code).toBe(0);
      expect(stdout).toContain(' 0 failed');
      expect(neuronsIn(folder)).toBe(expected);
    });
  }
});

describe('memory that is full', () => {
  const preload = (file: string) =>
    `--import ${fileURLToPath(new URL(`../testing/${file}`, import.meta.url))}`;
  const smallMemory = { NODE_OPTIONS: preload('small-wasm-memory.mjs'), KN_TEST_WASM_MB: '128' };
  // Every step, for batches that are large.
  const steps = ['--path', 'exact', '--steps', '600'];
  const many = ['--limit', '1', ...steps, '--batch-memory', '2000'];

  it('halves the batch on wasm, says so, and loses no fact; the same command begins with what fitted', async () => {
    const folder = results();
    const run = [...FIND, ...many, '--engine', 'wasm', '--workers', '1', '-r', folder];
    const { code, stdout, stderr } = await kn(run, { env: smallMemory });
    expect(code).toBe(0);
    expect(stdout).toContain('2 facts done, 0 skipped, 0 failed');
    const halvings = stderr.match(/^cpu: memory is full; from here on batches of .* MB$/gm) ?? [];
    expect(halvings.length).toBeGreaterThan(0);
    expect(new Set(halvings).size).toBe(halvings.length);
    const found = plansIn(folder).at(-1);
    expect(found).toMatchObject({ memory_was_full: true, batch_bytes: 2e9 / 2 ** halvings.length });
    const { computedOn } = JSON.parse(finalFiles(folder)['summary.json']);
    expect(computedOn.at(-1)).toMatchObject({ engine: 'wasm', batchBytes: found?.batch_bytes });
    expect(stdout).toContain(`Computed in ${computedOn.length} ways`);
    expect(neuronsIn(folder)).toBe(await undisturbed('--limit', '1', ...steps));

    // Something is left to do, or no worker would be planned.
    writeFileSync(join(folder, 'journal.jsonl'), `${journalLines(folder)[0]}\n`);
    const again = [...FIND, '--limit', '1', ...steps, '--engine', 'wasm', '--workers', '1'];
    const { stderr: told } = await kn([...again, '-r', folder], { env: smallMemory });
    expect(told).toContain(`1 worker of 1 thread, batches of ${megabytes(found?.batch_bytes ?? 0)}\n`);
  });

  it('halves the batch of one fact too', async () => {
    const fact = [
      'find',
      '--model',
      'demo',
      '-a',
      'paris',
      '-p',
      'france is governed from [MASK].',
      '--json',
    ];
    const ask = [...fact, '--engine', 'wasm', '--path', 'exact', '--steps', '2000'];
    const asked = [...ask, '--batch-memory', '2000'];
    const { code, stdout, stderr } = await kn(asked, { env: smallMemory });
    expect(code).toBe(0);
    expect(stderr).toContain('cpu: memory is full; from here on batches of 1000 MB');
    expect(stdout).toBe((await kn(ask)).stdout);
  });

  it.skipIf(!hasTensorflow)(
    `halves the batch on the native engine, whose process may take so much and no more${WITHOUT_TENSORFLOW}`,
    async () => {
      const folder = results();
      // libtensorflow waits 10 s for memory before it gives up: once, for such a batch.
      const more = ['--limit', '1', '--path', 'exact', '--steps', '5000', '--engine', 'tensorflow'];
      const { code, stdout, stderr } = await kn(
        [...FIND, ...more, '--workers', '1', '--batch-memory', '1200', '-r', folder],
        { env: { ...own, NODE_OPTIONS: preload('small-native-memory.mjs'), KN_TEST_NATIVE_MB: '500' } },
      );
      expect(code).toBe(0);
      expect(stderr).toContain('cpu: memory is full; from here on batches of');
      expect(stdout).toContain('2 facts done, 0 skipped, 0 failed');
      expect(neuronsIn(folder)).toBe(await undisturbed(...more));
    },
  );
});

describeOnSwiftShader('with a GPU', env => {
  it('the processor and the GPU share the work, and the neurons are those of one engine alone', async () => {
    const folder = results();
    const some = ['--limit', '6', '--steps', '4'];
    const run = [...FIND, ...some, '--devices', 'cpu,webgpu:swiftshader', '--workers', '1'];
    const { code } = await kn([...run, '-r', folder], { env: { ...env, KN_WEBGPU_ADAPTER: undefined } });
    expect(code).toBe(0);
    expect(plansIn(folder).map(({ device, engine }) => [device, engine])).toEqual([
      ['cpu', 'wasm'],
      ['webgpu:0', 'webgpu'],
    ]);
    expect(neuronsIn(folder)).toBe(await undisturbed(...some));
  });

  it('kn find --prompt runs on the device that is named', async () => {
    const ask = ['find', '--model', 'demo', '-a', 'paris', '-p', 'france is governed from [MASK].', '--json'];
    const { stdout } = await kn([...ask, '--devices', 'webgpu:swiftshader', '--steps', '4'], {
      env: { ...env, KN_WEBGPU_ADAPTER: undefined },
    });
    const onWasm = await kn([...ask, '--engine', 'wasm', '--steps', '4']);
    expect(JSON.parse(stdout).neurons).toEqual(JSON.parse(onWasm.stdout).neurons);
  });
});
