/** The engine that `kn setup tensorflow --cuda` makes, with and without a GPU that it sees. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listDevices } from '../runtime/devices/list-devices.js';
import { setEnvironment } from '../testing/environment.js';
import { madeUpEngine } from '../testing/made-up-engine.js';
import { nvidiaSmi } from '../testing/nvidia-smi.js';
import { kn } from '../testing/run-kn.js';
import { compileLibrary, hasCompiler } from '../testing/shared-library.js';
import { temporaryFolder } from '../testing/temporary-folder.js';

const L4 = () => `${nvidiaSmi('GPU-1, 23034, NVIDIA L4')}:${process.env.PATH}`;

type Environment = Readonly<Record<string, string | undefined>>;

/** What kn doctor says of the tensorflow engine on a device. */
async function tensorflowOn(device: string, data: string, env: Environment) {
  const { stdout } = await kn(['doctor', '--no-bench', '--json', '--engine', 'tensorflow'], {
    env: { KN_DATA: data, ...env },
  });
  const engines: { readonly engine: string; readonly device: string }[] = JSON.parse(stdout).engines;
  return engines.find(report => report.engine === 'tensorflow' && report.device === device);
}

function driver(source: string): string {
  const folder = temporaryFolder();
  compileLibrary(join(folder, 'libcuda.so.1'), source);
  return folder;
}

describe.skipIf(!hasCompiler)(`a build for CUDA${hasCompiler ? '' : ' (skipped: no g++ here)'}`, () => {
  it('says so where it computes on a GPU, and uses none of our kernels for the CPU', async () => {
    const { data } = await madeUpEngine({ kernels: false });
    expect(await tensorflowOn('cuda:0', data, { PATH: L4(), MADE_UP_GPU: '1' })).toEqual({
      engine: 'tensorflow',
      device: 'cuda:0',
      name: 'NVIDIA L4',
      memory: 23034 * 2 ** 20,
      software: false,
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
    expect(await tensorflowOn('cpu', data, {})).toMatchObject({
      usable: false,
      why: expect.stringContaining(`Cannot find module '${join(engine, 'kernels.node')}'`),
    });
  });

  it('is the engine for the CPU too, without a word where GPUs are hidden', async () => {
    const { data } = await madeUpEngine({ kernels: true });
    const onCpu = { usable: true, version: 'tensorflow 2.99.0, tfjs-node 4.22.0', gpu: false };
    const drivers = driver('int cuInit() { return 0; }');
    expect(await tensorflowOn('cpu', data, { PATH: L4(), LD_LIBRARY_PATH: drivers })).toMatchObject(onCpu);

    const fact = ['find', '--model', 'demo', '-a', 'paris', '-p', 'a [MASK]'];
    const hidden = { KN_DATA: data, PATH: L4(), LD_LIBRARY_PATH: drivers, CUDA_VISIBLE_DEVICES: '-1' };
    expect((await kn(fact, { env: hidden })).stderr).not.toContain('CUDA');
    // A machine without a driver: whoever asked for CUDA hears of it, once.
    const { stderr } = await kn(fact, { env: { KN_DATA: data } });
    expect(stderr).toContain('the tensorflow engine is made for CUDA, and there is no NVIDIA driver here\n');
  });

  it('is said to be slower than it can be where its kernels are those of an earlier version', async () => {
    const { data } = await madeUpEngine({ kernels: true });
    const { stdout } = await kn(['doctor', '--no-bench'], { env: { KN_DATA: data } });
    expect(stdout).toMatch(
      /tensorflow on cpu: .* by an earlier version .*KnMixedAttention.* kn setup tensorflow renews it/,
    );
  });

  it('is refused for a GPU that it does not see, with the reason, and auto says what it does instead', async () => {
    const { data, engine } = await madeUpEngine({ kernels: true });
    const env = { PATH: L4(), LD_LIBRARY_PATH: driver('int cuInit() { return 0; }') };
    expect(await tensorflowOn('cuda:0', data, env)).toMatchObject({
      usable: false,
      why: expect.stringContaining('sees no GPU (its driver may be too old; nvidia-smi says which it is)'),
    });

    const torn = join(engine, 'nvidia/cudnn/lib/libcudnn.so.9');
    mkdirSync(dirname(torn), { recursive: true });
    writeFileSync(torn, '');
    expect(await tensorflowOn('cuda:0', data, env)).toMatchObject({
      why: `the tensorflow engine is made for CUDA and computes on the CPU, since libtensorflow sees no GPU (${torn}: file too short)`,
    });
    // It is said beside what keeps auto from another fast engine.
    const fact = ['find', '--model', 'demo', '-a', 'paris', '-p', 'a [MASK]'];
    const { stderr } = await kn(fact, { env: { KN_DATA: data, KN_WEBGPU_ADAPTER: 'nowhere', ...env } });
    expect(stderr).toContain('KN_WEBGPU_ADAPTER=nowhere: no such adapter');
    expect(stderr).toContain(`${torn}: file too short`);
  });

  it('is refused to a run on a device that was asked for, rather than run elsewhere', async () => {
    const { data } = await madeUpEngine({ kernels: true });
    const env = { KN_DATA: data, PATH: L4(), LD_LIBRARY_PATH: driver('int cuInit() { return 0; }') };
    const { code, stderr } = await kn(['find', '--model', 'demo', '--devices', 'cuda:0'], { env });
    expect(code).toBe(1);
    expect(stderr).toContain('sees no GPU');
    const beyond = await kn(['find', '--model', 'demo', '--devices', 'cuda:1'], { env });
    expect(beyond.stderr).toBe('kn: --devices cuda:1: no such device\nThere are: cuda:0 (NVIDIA L4).\n');
  });

  it('has a device for each GPU, and each worker sees its own alone', async () => {
    const { data } = await madeUpEngine({ kernels: false });
    const two = nvidiaSmi('GPU-1, 23034, NVIDIA L4\nGPU-2, 81559, NVIDIA H100');
    setEnvironment({ KN_DATA: data, PATH: `${two}:${process.env.PATH}`, CUDA_VISIBLE_DEVICES: undefined });
    const devices = await listDevices('cuda');
    expect(devices.map(({ id, environment }) => [id, environment])).toEqual([
      ['cuda:0', { CUDA_VISIBLE_DEVICES: 'GPU-1' }],
      ['cuda:1', { CUDA_VISIBLE_DEVICES: 'GPU-2' }],
    ]);
    setEnvironment({ CUDA_VISIBLE_DEVICES: '1' });
    expect(await listDevices('cuda')).toMatchObject([{ id: 'cuda:0', name: 'NVIDIA H100' }]);
  });
});
