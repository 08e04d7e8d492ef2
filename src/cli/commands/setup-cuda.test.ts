/** `kn setup tensorflow --cuda` as its users run it, without a GPU and without NVIDIA's wheels: what can go wrong, and the parts. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statfsSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cacheFolder } from '../../runtime/folders.js';
import { PROTOBUF_PACKAGE, TENSORFLOW_WHEEL, TFJS_NODE_PACKAGE } from '../../setup/sources.js';
import { dataFolder } from '../../testing/data-folder.js';
import { type MadeUpWheel, writeWheel } from '../../testing/made-up-wheel.js';
import { nvidiaSmi } from '../../testing/nvidia-smi.js';
import { kn } from '../../testing/run-kn.js';
import { compileLibrary, hasCompiler } from '../../testing/shared-library.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { serveWheels } from '../../testing/wheel-server.js';

/** PATH without any nvidia-smi that the machine may have: links to what setup runs, and no pip. */
function toolsAlone(): string {
  const folder = temporaryFolder();
  const real = (process.env.PATH ?? '').split(':');
  for (const tool of ['g++', 'npm', 'node', 'as', 'ld', 'sh']) {
    const found = real.map(path => join(path, tool)).find(path => existsSync(path));
    if (found) symlinkSync(found, join(folder, tool));
  }
  return folder;
}

const TENSORFLOW: MadeUpWheel = {
  project: 'tensorflow',
  version: '2.21.0',
  tags: 'cp312-cp312-manylinux_2_27_x86_64',
  requires: ['nvidia-a-cu12<13,>=12; extra == "and-cuda"', 'nvidia-b-cu12==9.1; extra == "and-cuda"'],
};
const WHEELS: readonly MadeUpWheel[] = [
  { project: 'nvidia-a-cu12', version: '12.1', tags: 'py3-none-manylinux1_x86_64' },
  { project: 'nvidia-b-cu12', version: '9.1', tags: 'py3-none-manylinux1_x86_64' },
];

describe('kn setup --cuda on a machine that has no use for it', () => {
  it.each<[string, () => Record<string, string>, RegExp]>([
    ['no driver', () => ({}), /^kn: no NVIDIA driver: nvidia-smi is not here\nInstall the driver .*--force/m],
    [
      'no GPU',
      () => ({ PATH: nvidiaSmi('No devices were found', 6) }),
      /^kn: nvidia-smi finds no GPU: No devices were found\n.*--force/m,
    ],
    [
      'an old driver',
      () => ({ PATH: nvidiaSmi('Tesla K80, 470.256.02') }),
      /^kn: the NVIDIA driver is 470\.256\.02, and CUDA 12 needs 525\.60\.13 or newer\nUpdate the driver/m,
    ],
    [
      'GPUs that are hidden',
      () => ({ PATH: nvidiaSmi('NVIDIA L4, 550.54.15'), CUDA_VISIBLE_DEVICES: '-1' }),
      /^kn: CUDA_VISIBLE_DEVICES hides the GPUs of this machine\n/m,
    ],
  ])('is refused for %s before anything is fetched', async (_, environment, message) => {
    const { url, requests } = await serveWheels(WHEELS);
    const { folder, expectUntouched } = dataFolder();
    const { PATH = '', ...rest } = environment();
    const env = { KN_DATA: folder, KN_PYPI_URL: url, ...rest, PATH: `${PATH}:${toolsAlone()}` };
    const { code, stderr } = await kn(['setup', 'tensorflow', '--cuda'], { env });
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
    expect(requests).toEqual([]);
    expectUntouched();
  });

  it.each([
    ['--force', /--force is for --cuda/],
    ['--cuda --from google', /--cuda takes "pypi" or the path of a wheel/],
    ['--cuda --from ./libtensorflow.tar.gz', /--cuda takes "pypi" or the path of a wheel/],
    ['--cuda --remove', /--remove takes no --from, --cuda or --force/],
  ])('knows no %s', async (options, message) => {
    const { code, stderr } = await kn(['setup', 'tensorflow', ...options.split(' ')]);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});

describe.skipIf(!hasCompiler)(`kn setup --cuda${hasCompiler ? '' : ' (skipped: no g++ here)'}`, () => {
  it.each<[string, MadeUpWheel, object | undefined, RegExp]>([
    [
      'another checksum',
      TENSORFLOW,
      { digests: { sha256: '0'.repeat(64) } },
      /nvidia_a_cu12.*: its sha256 is \w+, not 0{64}; pip is not here\n/,
    ],
    ['no room', TENSORFLOW, { size: 1e17 }, /: 200000000000 MB are needed there, and \d+ MB are free; pip/],
    [
      'a requirement that nothing satisfies',
      { ...TENSORFLOW, requires: ['nvidia-a-cu12>=13; extra == "and-cuda"'] },
      {},
      /\/nvidia-a-cu12\/json: no wheel for Linux x64 and glibc [\d.]+ satisfies nvidia-a-cu12>=13; pip is not here\n/,
    ],
    [
      'no network',
      TENSORFLOW,
      undefined,
      /127\.0\.0\.1:65533\/pypi\/nvidia-a-cu12\/json: cannot be fetched \(connection refused\); pip is not here\n/,
    ],
    ['a wheel for the CPU alone', { ...TENSORFLOW, requires: [] }, {}, /names no CUDA libraries/],
    ['a wheel without libtensorflow', TENSORFLOW, {}, /holds no libtensorflow with its C headers/],
  ])('is refused with %s, in one clear line, and the machine as it was', async (_, wheel, lie, message) => {
    const { url } = await serveWheels(WHEELS, { listed: file => ({ ...file, ...lie }) });
    const { folder, expectUntouched } = dataFolder();
    const KN_PYPI_URL = lie === undefined ? 'http://127.0.0.1:65533' : url;
    const env = { KN_DATA: folder, KN_PYPI_URL, PATH: toolsAlone() };
    const asked = ['setup', 'tensorflow', '--cuda', '--force', '--from', writeWheel(wheel)];
    const { code, stderr } = await kn(asked, { env });
    expect(stderr).toContain('To be proved on the CPU alone: no NVIDIA driver: nvidia-smi is not here');
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
    expect(code).toBe(1);
    expectUntouched();
  });
});

/** What setup asks for before it fetches anything: a test of what comes after needs it too. */
const { bavail, bsize } = statfsSync(tmpdir());
const hasRoom = bavail * bsize > 12e9;

it.skipIf(!hasRoom || !hasCompiler)(
  `the wheel of PyPI is the pinned one or none${hasRoom ? '' : ' (skipped: setup wants more room than is here)'}`,
  async () => {
    const { url } = await serveWheels([TENSORFLOW]);
    const { folder, expectUntouched } = dataFolder();
    const env = { KN_DATA: folder, KN_PYPI_URL: url, PATH: toolsAlone() };
    const { code, stderr } = await kn(['setup', 'tensorflow', '--cuda', '--force'], { env });
    expect(stderr).toMatch(
      /cp312-manylinux_2_27_x86_64\.whl: its sha256 is \w{64}, not b3b95643c4e7\w+; pip/,
    );
    expect(code).toBe(1);
    expectUntouched();
  },
);

/** What the real libtensorflow is made of, where this user has set up the engine before: tests fetch nothing. */
const downloads = join(cacheFolder(), 'downloads');
const parts = [TENSORFLOW_WHEEL, TFJS_NODE_PACKAGE, PROTOBUF_PACKAGE].map(({ file }) => file);
const missing = parts.find(file => !existsSync(join(downloads, file)));
const without = missing
  ? ` (skipped: ${missing} is not in the cache; kn setup tensorflow puts it there)`
  : '';

describe.skipIf(missing !== undefined || !hasCompiler)(
  `the real libtensorflow as --cuda installs it${without}`,
  () => {
    /** Real libraries, trivial and needing each other, in wheels as those that tensorflow 2.21.0 asks for. */
    function nvidiaWheels(): MadeUpWheel[] {
      const build = temporaryFolder();
      const at = (name: string) => join(build, name, `lib${name}.so.12`);
      const blas = compileLibrary(at('knCublas'), 'int blas() { return 1; }');
      const dnn = compileLibrary(at('knCudnn'), 'int blas(); int dnn() { return blas(); }', [blas]);
      const libraries: Record<string, string> = { 'cublas-cu12': blas, 'cudnn-cu12': dnn };
      const versions = {
        ...{ 'cublas-cu12': '12.9.1.4', 'cuda-cupti-cu12': '12.9.79', 'cuda-nvcc-cu12': '12.9.86' },
        ...{ 'cuda-nvrtc-cu12': '12.9.86', 'cuda-runtime-cu12': '12.9.79', 'cudnn-cu12': '9.3.0.75' },
        ...{ 'cufft-cu12': '11.4.1.4', 'curand-cu12': '10.3.10.19', 'cusolver-cu12': '11.7.5.82' },
        ...{ 'cusparse-cu12': '12.5.10.65', 'nccl-cu12': '2.27.7', 'nvjitlink-cu12': '12.9.86' },
      };
      return Object.entries(versions).map(([name, version]) => {
        const library = libraries[name];
        const short = name.replace('-cu12', '').replaceAll('-', '_');
        const files = {
          [`nvidia/${short}/bin/tool`]: '#!/bin/sh\n',
          [`nvidia/${short}/include/x.h`]: '',
          ...(library && { [`nvidia/${short}/lib/${library.split('/').at(-1)}`]: readFileSync(library) }),
        };
        return { project: `nvidia-${name}`, version, tags: 'py3-none-manylinux2014_x86_64', files };
      });
    }

    it('is proved on the CPU with --force, finds its libraries, and is refused for a GPU that it does not see', async () => {
      const { url } = await serveWheels(nvidiaWheels());
      const { folder, expectUntouched } = dataFolder();
      const cache = temporaryFolder();
      mkdirSync(join(cache, 'downloads'));
      for (const file of parts) symlinkSync(join(downloads, file), join(cache, 'downloads', file));
      const drivers = temporaryFolder();
      compileLibrary(join(drivers, 'libcuda.so.1'), 'int cuInit() { return 100; }');
      const env = { KN_DATA: folder, KN_CACHE: cache, KN_PYPI_URL: url };
      const asked = ['setup', 'tensorflow', '--cuda', '--from', join(downloads, TENSORFLOW_WHEEL.file)];

      const PATH = `${nvidiaSmi('NVIDIA L4, 550.54.15')}:${toolsAlone()}`;
      const refused = await kn(asked, { env: { ...env, PATH, LD_LIBRARY_PATH: drivers } });
      expect(refused.stderr).toContain('For NVIDIA L4, driver 550.54.15');
      expect(refused.stderr).toContain(
        'computes on the CPU, since libtensorflow sees no GPU (its driver may be too',
      );
      expect(refused.code).toBe(1);
      expectUntouched();

      const done = await kn([...asked, '--force', '--json'], { env: { ...env, PATH: toolsAlone() } });
      const { manifest, proof } = JSON.parse(done.stdout);
      expect(proof).toMatchObject({ gpu: false, version: 'tensorflow 2.21.0, tfjs-node 4.22.0' });
      expect(proof.relativeError).toBeLessThan(1e-4);
      expect(manifest).toMatchObject({ cuda: true });
      expect(manifest.cudaWheels).toContain('nvidia_cublas_cu12-12.9.1.4-py3-none-manylinux2014_x86_64.whl');
      expect(manifest.cudaWheels).toHaveLength(12);

      const engine = join(folder, 'engines', 'tensorflow');
      expect(readdirSync(engine).sort()).toEqual([
        ...['engine.json', 'kernels.node', 'lib', 'node_modules', 'nvidia', 'preload.node', 'stderr.node'],
        'tfjs_binding.node',
      ]);
      expect(readdirSync(join(engine, 'nvidia/cudnn'))).toEqual(['bin', 'lib']);
      expect(statSync(join(engine, 'nvidia/cuda_nvcc/bin/tool')).mode & 0o111).toBe(0o111);
      expect(existsSync(join(engine, 'nvidia/nvidia_cudnn_cu12-9.3.0.75.dist-info/License.txt'))).toBe(true);

      // With a driver, however little it can, the libraries are loaded: one that is torn is missed.
      const fact = ['find', '--model', 'demo', '-a', 'paris', '-p', 'france is governed from [MASK].'];
      const found = () => kn(fact, { env: { KN_DATA: folder, LD_LIBRARY_PATH: drivers, PATH } });
      expect((await found()).stderr).toContain('sees no GPU (its driver may be too old');
      writeFileSync(join(engine, 'nvidia/cublas/lib/libknCublas.so.12'), 'torn');
      const { code, stderr } = await found();
      expect(code).toBe(0);
      expect(stderr).toMatch(
        /libknCublas\.so\.12: file too short; libknCublas\.so\.12: cannot open shared object/,
      );
    }, 300_000);
  },
);
