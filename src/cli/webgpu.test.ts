/** `kn` on a GPU that is not there, or not for long. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { finalFiles, kn } from '../testing/run-kn.js';
import { describeOnSwiftShader } from '../testing/swiftshader.js';
import { temporaryFolder } from '../testing/temporary-folder.js';

const LOSE_DEVICE = fileURLToPath(new URL('../testing/lose-device.mjs', import.meta.url));

const ASK = ['--model', 'demo', '-p', 'france is governed from [MASK].', '-a', 'paris', '--engine', 'webgpu'];

it('without a GPU, kn find --engine webgpu says so in two lines, and Dawn says nothing', async () => {
  const { code, stderr, stdout } = await kn(['find', ...ASK]);
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toBe('kn: WebGPU finds no GPU here\nIt needs one with a driver for vulkan.\n');
});

it('a GPU that is named and not there is no fault of auto, which says so and goes on', async () => {
  const { code, stderr } = await kn(['find', ...ASK.slice(0, -1), 'auto'], {
    env: { KN_WEBGPU_ADAPTER: 'H100' },
  });
  expect(code).toBe(0);
  expect(stderr).toContain('KN_WEBGPU_ADAPTER=H100: no such adapter\n');
});

describeOnSwiftShader('on SwiftShader', env => {
  it('it is no GPU to those who do not name it, and they are told what takes it all the same', async () => {
    const { stdout } = await kn(['doctor', '--no-bench'], { env: { ...env, KN_WEBGPU_ADAPTER: undefined } });
    expect(stdout).toMatch(/webgpu +webgpu:0 +usable +by its name alone/);
    expect(stdout).toMatch(/wasm +cpu +usable +taken by auto/);
    const asked = await kn(['doctor', '--no-bench', '--engine', 'webgpu'], {
      env: { ...env, KN_WEBGPU_ADAPTER: undefined },
    });
    expect(asked.code).toBe(1);
    const { code, stderr } = await kn(['find', ...ASK], { env: { ...env, KN_WEBGPU_ADAPTER: undefined } });
    expect(code).toBe(1);
    expect(stderr).toBe(
      'kn: WebGPU finds no GPU here, only a program that plays one (0 SwiftShader Device (Subzero)), slower than the wasm engine\n' +
        '--devices "webgpu:SwiftShader Device (Subzero)" takes it all the same.\n',
    );
  });

  it('kn doctor names the adapter that is asked for, and exits with 0', async () => {
    const { code, stdout } = await kn(['doctor', '--no-bench', '--engine', 'webgpu'], { env });
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /webgpu +webgpu:0 +usable +taken by auto +webgpu 0\.6\.2 \(Dawn\), tfjs-backend-webgpu 4\.22\.0, SwiftShader Device \(Subzero\)/,
    );
  });

  /** The GPU is lost at the 15th submission, of 15 kernels each: in the middle of the first prompts. */
  const losing = (lost: string) => ({
    ...env,
    NODE_OPTIONS: `--import ${LOSE_DEVICE}`,
    KN_TEST_LOSE_AT: '15',
    KN_TEST_LOST: lost,
  });

  it('kn find ends with one clear line where the GPU is lost', async () => {
    const { code, stdout, stderr } = await kn(['find', ...ASK, '-q'], {
      env: losing(join(temporaryFolder(), 'lost')),
    });
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toBe(
      'kn: SwiftShader Device (Subzero): the GPU was lost while it computed (device was destroyed)\n' +
        'Run the same command again.\n',
    );
  });

  it('a run outlives the loss of its GPU: the worker is replaced, the fact tried again, its neurons those of wasm', async () => {
    const folder = temporaryFolder();
    const lost = join(folder, 'lost');
    const run = (engine: string) =>
      ['find', '--model', 'demo', '--relations', 'P36', '--limit', '1', '--engine', engine] as const;
    const { code, stderr } = await kn([...run('webgpu'), '-r', join(folder, 'webgpu')], {
      env: losing(lost),
    });
    expect(code).toBe(0);
    expect(existsSync(lost)).toBe(true);
    expect(stderr).toContain('the GPU was lost while it computed');
    await kn([...run('wasm'), '-r', join(folder, 'wasm')]);
    const neuronsOf = (engine: string) => finalFiles(join(folder, engine))['demo_pararel_neurons_0.json'];
    expect(neuronsOf('webgpu')).toBe(neuronsOf('wasm'));
    expect(neuronsOf('wasm')).toContain('[');
  });
});
