/** `kn setup` and `kn doctor` as their users run them, and all that can go wrong. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { hostname, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { dataFolder } from '../../testing/data-folder.js';
import { kn, startKn } from '../../testing/run-kn.js';
import { canMount, smallDisk } from '../../testing/small-disk.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

/** A folder that looks like libtensorflow, with a library of so many bytes that takes no room on the disk. */
function fakeTensorflow(bytes = 1): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'include/tensorflow/c'), { recursive: true });
  writeFileSync(join(folder, 'include/tensorflow/c/c_api.h'), '#error "no real header"\n');
  mkdirSync(join(folder, 'lib'));
  writeFileSync(join(folder, 'lib/libtensorflow.so.2'), '');
  truncateSync(join(folder, 'lib/libtensorflow.so.2'), bytes);
  return folder;
}

describe('kn setup', () => {
  it.each<[string, string[], Record<string, string>, RegExp]>([
    [
      'no compiler',
      ['--from', 'x.whl'],
      { CXX: '/nowhere/g++' },
      /no C\+\+ compiler: \/nowhere\/g\+\+ is not here/,
    ],
    [
      'no such file',
      ['--from', './x.whl'],
      {},
      /\.\/x\.whl: cannot be read \(no such file or directory\)\n--from takes/,
    ],
    [
      'no network',
      [],
      { PATH: '/nowhere', CXX: '/usr/bin/true', KN_PYPI_URL: 'http://127.0.0.1:65533' },
      /127\.0\.0\.1:65533\/pypi\/tensorflow-cpu\/.*: cannot be fetched \(connection refused\); pip is not here\n.*--from PATH/,
    ],
  ])('is refused with %s, in one clear line, and the machine as it was', async (_, args, env, message) => {
    const { folder, expectUntouched } = dataFolder();
    const { code, stderr } = await kn(['setup', ...args], { env: { KN_DATA: folder, ...env } });
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
    expectUntouched();
  });

  it.each([
    ['pypi', '--remove'],
    ['x.whl', '--remove'],
  ])('takes no --from %s with %s', async (from, remove) => {
    expect((await kn(['setup', '--from', from, remove])).code).toBe(2);
  });

  it.skipIf(!canMount)(
    `is refused where the disk has no room${canMount ? '' : ' (skipped: this user may not mount a small file system)'}`,
    async () => {
      const disk = temporaryFolder();
      const source = fakeTensorflow(50e6);
      const shell = smallDisk(disk, '1m');
      const { code, stderr } = await kn(['setup', '--from', source], {
        shell,
        env: { KN_DATA: join(disk, 'out') },
      });
      expect(code).toBe(1);
      expect(stderr).toMatch(/51 MB are needed there, and 1 MB are free\nMake room/);
    },
  );

  it('that is killed half-way leaves what was there, and the next one sweeps up', async () => {
    const { folder, expectUntouched } = dataFolder();
    const source = fakeTensorflow(4e9);
    const env = { KN_DATA: folder };
    const running = startKn(['setup', '--from', source], { env });
    const staging = () =>
      readdirSync(join(folder, 'engines')).find(name => name.startsWith('tensorflow.new-'));
    while (!staging()) await setTimeout(10);
    running.child.kill('SIGKILL');
    await running.finished;
    expect(staging()).toBeDefined();
    expect(readFileSync(join(folder, 'engines/tensorflow/mine'), 'utf8')).toBe('old');
    await kn(['setup', '--from', './nowhere.whl'], { env });
    expectUntouched();
  });

  it('that was killed between taking the old one away and putting the new one there leaves the old one to the next', async () => {
    const { folder, expectUntouched } = dataFolder();
    renameSync(join(folder, 'engines/tensorflow'), join(folder, 'engines/tensorflow.old-99'));
    const { code } = await kn(['setup', '--from', './nowhere.whl'], { env: { KN_DATA: folder } });
    expect(code).toBe(1);
    expectUntouched();
  });

  it('is refused while another one is at work', async () => {
    const { folder } = dataFolder();
    const env = { KN_DATA: folder };
    const running = startKn(['setup', '--from', fakeTensorflow(4e9)], { env });
    while (!existsSync(join(folder, 'engines', 'lock'))) await setTimeout(10);
    const { code, stderr } = await kn(['setup', '--from', './nowhere.whl'], { env });
    running.child.kill('SIGKILL');
    expect(code).toBe(1);
    expect(stderr).toContain(
      `another kn setup is at work there (process ${running.child.pid} on ${hostname()}, since `,
    );
  });

  it('--remove takes the engine away, and says where there is none', async () => {
    const { folder } = dataFolder();
    const env = { KN_DATA: folder };
    expect((await kn(['setup', '--remove'], { env })).stdout).toBe(`Removed ${folder}/engines/tensorflow\n`);
    expect(readdirSync(join(folder, 'engines'))).toEqual([]);
    // What one that was killed has left is no engine, and swept away.
    mkdirSync(join(folder, 'engines', 'tensorflow.gone-99'));
    expect((await kn(['setup', '--remove'], { env })).stdout).toContain('Nothing to remove');
    expect(readdirSync(join(folder, 'engines'))).toEqual([]);
  });
});

describe('kn doctor', () => {
  it('shows what each engine is, what mends it, and which one auto takes', async () => {
    const { code, stdout } = await kn(['doctor', '--no-bench']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/wasm +cpu +usable +taken by auto +tfjs-backend-wasm 4\.22\.0/);
    expect(stdout).toMatch(/webgpu +webgpu +no/);
    expect(stdout).toContain('webgpu: WebGPU finds no GPU here. It needs one with a driver for vulkan.\n');
    expect(stdout).toMatch(/tensorflow +cpu +no/);
    expect(stdout).toContain(
      'tensorflow on cpu: the tensorflow engine is not set up. Run kn setup tensorflow, or leave --engine out.\n',
    );
    expect(stdout).toMatch(/tensorflow +cuda +no/);
    expect(stdout).toContain('Run kn setup tensorflow --cuda.\n');
    expect(stdout).toMatch(/cpu +.+ \d+ GiB\n/);
  });

  it('prints one JSON object, with rates that were measured', async () => {
    const { stdout } = await kn(['doctor', '--json']);
    const { engines, auto, machine, folders } = JSON.parse(stdout);
    expect(auto).toEqual([{ engine: 'wasm', device: 'cpu' }]);
    expect(engines).toMatchObject([
      { engine: 'tensorflow', device: 'cuda', usable: false },
      { engine: 'webgpu', device: 'webgpu', usable: false },
      { engine: 'tensorflow', device: 'cpu', usable: false },
      { engine: 'wasm', device: 'cpu', usable: true, gigaflops: expect.any(Number), memory: totalmem() },
    ]);
    expect(machine.node).toBe(process.version);
    expect(folders.map(({ holds }: { holds: string }) => holds)).toEqual([
      'downloads',
      'models of the hub',
      'engines',
    ]);
  });

  it('exits with 1 where the engine that is asked for is broken, and says why', async () => {
    const { folder } = dataFolder();
    const manifest = {
      format: 1,
      tfjsNode: '4.22.0',
      from: 'pypi',
      sha256: null,
      compiler: 'x',
      installed: 'x',
    };
    writeFileSync(join(folder, 'engines/tensorflow/engine.json'), JSON.stringify(manifest));
    const { code, stdout } = await kn(['doctor', '--engine', 'tensorflow', '--no-bench'], {
      env: { KN_DATA: folder },
    });
    expect(code).toBe(1);
    expect(stdout).toMatch(/tensorflow on cpu: the tensorflow engine cannot start: Cannot find module/);
    expect(stdout).toMatch(/wasm +cpu +usable/);

    const fact = ['find', '--model', 'demo', '-a', 'paris', '-p', 'a [MASK]'];
    const found = await kn(fact, { env: { KN_DATA: folder } });
    expect(found.code).toBe(0);
    expect(found.stderr).toContain('the tensorflow engine cannot start: Cannot find module');
  });
});
