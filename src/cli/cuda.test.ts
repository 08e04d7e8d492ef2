/** The engine that `kn setup tensorflow --cuda` makes, with and without a GPU that it sees. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { madeUpEngine } from '../testing/made-up-engine.js';
import { kn } from '../testing/run-kn.js';
import { compileLibrary, hasCompiler } from '../testing/shared-library.js';
import { temporaryFolder } from '../testing/temporary-folder.js';

async function tensorflowIn(data: string, env: Readonly<Record<string, string>>) {
  const { stdout } = await kn(['doctor', '--no-bench', '--json', '--engine', 'tensorflow'], {
    env: { KN_DATA: data, ...env },
  });
  const engines: { readonly engine: string }[] = JSON.parse(stdout).engines;
  return engines.find(({ engine }) => engine === 'tensorflow');
}

describe.skipIf(!hasCompiler)(`a build for CUDA${hasCompiler ? '' : ' (skipped: no g++ here)'}`, () => {
  it('says so where it computes on a GPU, and uses none of our kernels for the CPU', async () => {
    const { data } = await madeUpEngine({ kernels: false });
    expect(await tensorflowIn(data, { MADE_UP_GPU: '1' })).toEqual({
      engine: 'tensorflow',
      usable: true,
      version: 'tensorflow 2.99.0 on CUDA, tfjs-node 4.22.0',
      gpu: true,
      notice: null,
      gigaflops: null,
      scores: null,
    });
  });

  it('asks for our kernels where it computes on the CPU', async () => {
    const { data, engine } = await madeUpEngine({ kernels: false });
    expect(await tensorflowIn(data, {})).toMatchObject({
      usable: false,
      why: expect.stringContaining(`Cannot find module '${join(engine, 'kernels.node')}'`),
    });
  });

  it('is the engine for the CPU, without a word, where there is no driver or GPUs are hidden', async () => {
    const { data } = await madeUpEngine({ kernels: true });
    const onCpu = { usable: true, version: 'tensorflow 2.99.0, tfjs-node 4.22.0', gpu: false, notice: null };
    const drivers = temporaryFolder();
    compileLibrary(join(drivers, 'libcuda.so.1'), 'int cuInit() { return 0; }');
    const hidden = { LD_LIBRARY_PATH: drivers, CUDA_VISIBLE_DEVICES: '-1' };
    expect(await tensorflowIn(data, hidden)).toMatchObject(onCpu);
    compileLibrary(join(drivers, 'libcuda.so.1'), 'int missing(); int cuInit() { return missing(); }');
    expect(await tensorflowIn(data, { LD_LIBRARY_PATH: drivers })).toMatchObject(onCpu);
  });

  it('says why it computes on the CPU where there is a driver', async () => {
    const { data, engine } = await madeUpEngine({ kernels: true });
    const drivers = temporaryFolder();
    compileLibrary(join(drivers, 'libcuda.so.1'), 'int cuInit() { return 0; }');
    const env = { LD_LIBRARY_PATH: drivers };
    expect(await tensorflowIn(data, env)).toMatchObject({
      usable: true,
      gpu: false,
      notice: expect.stringContaining('sees no GPU (its driver may be too old; nvidia-smi says which it is)'),
    });

    const torn = join(engine, 'nvidia/cudnn/lib/libcudnn.so.9');
    mkdirSync(dirname(torn), { recursive: true });
    writeFileSync(torn, '');
    expect(await tensorflowIn(data, env)).toMatchObject({
      notice: `the tensorflow engine is made for CUDA and computes on the CPU, since libtensorflow sees no GPU (${torn}: file too short)`,
    });
    // It is said beside what keeps auto from a faster engine.
    const fact = ['find', '--model', 'demo', '-a', 'paris', '-p', 'a [MASK]'];
    const { stderr } = await kn(fact, { env: { KN_DATA: data, KN_WEBGPU_ADAPTER: 'nowhere', ...env } });
    expect(stderr).toContain('KN_WEBGPU_ADAPTER=nowhere: no such adapter');
    expect(stderr).toContain(`${torn}: file too short`);
  });
});
