/**
 * The archive, as it comes to a bare machine: packed, unpacked elsewhere, and run with no network, no Node in the path, no
 * Vulkan loader and no manifest. The GPU is SwiftShader, under the name of NVIDIA's library.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeOnSwiftShader } from '../../src/testing/swiftshader.js';
import { LIMIT, type Packed, packArchive } from './archive.js';
import { figuresSchema } from './figures.js';
import { productionPackages } from './packed-files.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LINUX = process.platform === 'linux' && process.arch === 'x64';

/** Losing a GPU as in the tests of kn, in the first worker alone. */
const LOSE_DEVICE = join(ROOT, 'src/testing/lose-device.mjs');
const LOSE_IN_WORKER = `if (process.argv[1]?.endsWith('worker-child.js')) await import('./lose-device.mjs');`;

const FIND = ['find', '--model', 'demo', '--prompt', 'France is governed from [MASK].', '--answer', 'Paris'];

const HIDDEN = ['/usr/lib/x86_64-linux-gnu/libvulkan.so.1', '/usr/lib64/libvulkan.so.1', '/usr/bin/node'];

/** Before a command: without network, and where that may be, with nothing in the place of Vulkan's loader and Node. */
const HIDE = `for file in ${HIDDEN.join(' ')}; do [ ! -e $file ] || mount --bind /dev/null $file || exit 99; done; exec "$@"`;
const BARE = ['unshare', '-rnm', '/bin/sh', '-c', HIDE, 'sh'];
const isBare = LINUX && spawnSync(BARE[0], [...BARE.slice(1), 'true']).status === 0;

const title = LINUX
  ? 'the archive of the GPU benchmark'
  : 'the archive of the GPU benchmark: skipped, since it is for Linux on x86-64, and takes its Node along';

describe.skipIf(!LINUX)(title, () => {
  let folder: string;
  let app: string;
  let temporary: string;
  let packed: Packed;
  beforeAll(async () => {
    // A shell reads the path of what is lent.
    folder = join(mkdtempSync(join(tmpdir(), 'kn-test-')), "kn's");
    mkdirSync(folder);
    app = join(folder, 'gpu-bench/app');
    temporary = mkdtempSync(join(tmpdir(), 'kn-test-'));
    packed = await packArchive(ROOT, join(folder, 'gpu-bench.tar.gz'));
    execFileSync('tar', ['-xzf', 'gpu-bench.tar.gz'], { cwd: folder });
  }, 300_000);
  afterAll(() => {
    for (const path of [dirname(folder), temporary]) rmSync(path, { recursive: true, force: true });
  });

  const run = (args: readonly string[], env?: Readonly<Record<string, string>>) =>
    start('gpu-bench', args, env);

  function start(
    name: 'gpu-bench' | 'kn',
    args: readonly string[],
    env: Readonly<Record<string, string>> = { VK_DRIVER_FILES: '/nowhere' },
  ) {
    const command = [join(folder, 'gpu-bench', name), ...args];
    const [file, ...rest] = isBare ? [...BARE, ...command] : command;
    return spawnSync(file, rest, {
      env: { PATH: '/usr/bin:/bin', HOME: temporary, TMPDIR: temporary, ...env },
      cwd: temporary,
      encoding: 'utf8',
    });
  }

  it('has less than 60 MiB, and of Dawn the binary for this platform alone', () => {
    expect(packed.bytes).toBeLessThan(LIMIT);
    expect(LIMIT).toBe(62_914_560);
    expect(readdirSync(join(app, 'node_modules/webgpu/dist'))).toEqual(['linux-x64']);
  });

  it('has the packages that npm says kn needs, and no others', () => {
    const listed = execFileSync('npm', ['ls', '--omit=dev', '--all', '--parseable'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    const needed = listed.trimEnd().split('\n').slice(1);
    expect(productionPackages(ROOT).sort()).toEqual(needed.map(path => relative(ROOT, path)).sort());
    const missing = productionPackages(ROOT).filter(path => !existsSync(join(app, path, 'package.json')));
    expect(missing).toEqual([]);
    expect(existsSync(join(app, 'node_modules/esbuild'))).toBe(false);
  });

  it('has every file that an import of kn leads to', async () => {
    const { metafile } = await build({
      absWorkingDir: ROOT,
      entryPoints: ['bin/kn.js'],
      bundle: true,
      write: false,
      outdir: 'unwritten',
      metafile: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
    });
    const imported = Object.keys(metafile.inputs);
    expect(imported).toContain('node_modules/vega/build/vega.module.js');
    expect(imported.filter(path => !existsSync(join(app, path)))).toEqual([]);
  });

  it('runs kn from a fact to figures', () => {
    const results = join(temporary, 'results');
    const evaluate = ['evaluate', 'pararel', '--model', 'demo', '--relations', 'P36,P17', '--limit', '1'];
    const evaluated = start('kn', [...evaluate, '--engine', 'wasm', '--results', results]);
    expect(evaluated.stderr).toContain('wasm engine');
    expect(evaluated.stdout).toContain('demo: 2 facts done, 0 skipped, 0 failed');
    expect(evaluated.status).toBe(0);

    const figures = join(temporary, 'figures');
    expect(start('kn', ['plot', results, '--out', figures]).status).toBe(0);
    for (const name of ['figure3.svg', 'figure4.svg'])
      expect(readFileSync(join(figures, name), 'utf8')).toBe(readFileSync(join(results, name), 'utf8'));
  });

  it('runs kn without a GPU, which says so where it is asked for one', () => {
    const { status, stderr } = start('kn', [...FIND, '--engine', 'webgpu']);
    expect(stderr).toMatch(/^kn: .*WebGPU finds no GPU here/);
    expect(status).toBe(1);
  });

  it('leaves nothing behind where it was packed but itself', () => {
    expect(readdirSync(folder).sort()).toEqual(['gpu-bench', 'gpu-bench.tar.gz']);
  });

  it('without a GPU says so, and what it tried and saw', () => {
    const { status, stdout, stderr } = run(['--json', 'figures.json']);
    expect(stderr).toMatch(
      /^gpu-bench: no GPU that Vulkan can compute on\. Tried:\n {2}VK_DRIVER_FILES=\/nowhere: /,
    );
    expect(stderr).toContain('\n  libGLX_nvidia.so.0: ');
    expect(stdout).toBe('');
    expect(status).toBe(1);
  });

  it.each([
    [['--batch', '1'], "Unknown option '--batch'"],
    [['--batches', '1,x'], '--batches 1,x: not whole numbers over 0 with commas between them'],
    [['--workers', '0'], '--workers 0: not whole numbers over 0 with commas between them'],
    [['--minutes', '-1'], "Option '--minutes' argument is ambiguous"],
    [['--minutes', 'soon'], '--minutes soon: not a number over 0'],
    [['--shape', 'large'], '--shape large: no such shape\nThere are: bert-base, tiny.'],
    [['bert'], "Unexpected argument 'bert'"],
  ])('refuses %j in one line, and says what to do', (args, message) => {
    const { status, stderr } = run(args);
    expect(stderr).toMatch(/^gpu-bench: .*\n.*\.\n$/);
    expect(stderr).toContain(message);
    expect(status).toBe(2);
  });

  describeOnSwiftShader('on SwiftShader', ({ VK_DRIVER_FILES, ...adapter }) => {
    const env = () => ({ ...adapter, LD_LIBRARY_PATH: join(temporary, 'driver') });
    beforeAll(() => {
      const { ICD }: { ICD: { library_path: string } } = JSON.parse(readFileSync(VK_DRIVER_FILES, 'utf8'));
      cpSync(
        resolve(dirname(VK_DRIVER_FILES), ICD.library_path),
        join(temporary, 'driver/libGLX_nvidia.so.0'),
      );
    });

    it('runs kn on the GPU, with what the machine lacks lent: the same neurons as on the processor', () => {
      const [gpu, processor] = [
        start('kn', [...FIND, '--json', '--engine', 'webgpu'], env()),
        start('kn', [...FIND, '--json', '--engine', 'wasm']),
      ].map(({ stdout }) => JSON.parse(stdout));
      expect(gpu.neurons.length).toBeGreaterThan(0);
      expect(gpu.neurons).toEqual(processor.neurons);
      expect(gpu.prompts[0].probability).not.toBe(processor.prompts[0].probability); // two engines, which do not round alike
    });

    it('measures, with what the machine lacks lent; a GPU that is lost costs one row', () => {
      cpSync(LOSE_DEVICE, join(app, 'lose-device.mjs'));
      writeFileSync(join(app, 'lose-in-worker.mjs'), LOSE_IN_WORKER);
      const { status, stdout, stderr } = run(
        ['--shape', 'tiny', '--batches', '2,1', '--workers', '1', '--json', 'figures.json'],
        {
          ...env(),
          NODE_OPTIONS: `--import ${join(app, 'lose-in-worker.mjs')}`,
          KN_TEST_LOSE_AT: '10',
          KN_TEST_LOST: join(temporary, 'lost'),
        },
      );
      expect(stderr).toMatch(/found by the archive's manifest for libGLX_nvidia\.so\.0\n/);
      expect(status).toBe(0);

      const figures = figuresSchema.parse(JSON.parse(readFileSync(join(temporary, 'figures.json'), 'utf8')));
      const { accuracy, device, machine, exactOperationsPerPrompt, rows } = figures;
      if (isBare) expect(machine.at(-1)).toMatch(/^lent by this archive, .*: .*libvulkan\.so\.1/);
      expect(accuracy.passed).toBe(true);
      for (const error of [accuracy.relativeError, accuracy.largestError]) {
        expect(error).toBeLessThan(1e-4);
        expect(error).toBeGreaterThan(0); // two engines, which do not round alike
      }
      expect(rows.map(({ state, workers, batch, path }) => [state, workers, batch, path])).toEqual([
        ['failed', 1, 1, 'interpolated'],
        ['measured', 1, 1, 'exact'],
        ['measured', 1, 2, 'interpolated'],
        ['measured', 1, 2, 'exact'],
      ]);
      expect(stdout).toContain('SwiftShader Device (Subzero): the GPU was lost while it computed');
      for (const row of rows) {
        if (row.state !== 'measured') continue;
        expect(row.promptsPerSecond * row.secondsPerPrompt).toBeCloseTo(1, 9);
        expect(row.hoursForPararel * 3600 * row.promptsPerSecond).toBeCloseTo(224_674, 3);
        expect(row.teraflops * 1e12).toBeCloseTo(row.promptsPerSecond * row.operationsPerPrompt, 0);
        if (row.path === 'exact') expect(row.operationsPerPrompt).toBe(exactOperationsPerPrompt);
        expect(row.share * device.productRate).toBeCloseTo(row.teraflops, 9);
      }
      expect(readdirSync(temporary).filter(name => name.startsWith('kn-gpu-bench-'))).toEqual([]);
    }, 300_000);

    it('that has no time left ends, with nothing left behind', () => {
      const { status, stderr } = run(['--shape', 'tiny', '--minutes', '0.05'], env());
      expect(stderr).toContain(
        'gpu-bench: the time was up before anything was measured\nGive it more --minutes.\n',
      );
      expect(status).toBe(1);
      expect(readdirSync(temporary).filter(name => name.startsWith('kn-gpu-bench-'))).toEqual([]);
    });
  });
});
