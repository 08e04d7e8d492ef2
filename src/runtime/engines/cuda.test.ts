/** native/preload.cc with real shared libraries, and which of CUDA's it is given. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compilePreload, findCompiler } from '../../setup/compile-addons.js';
import { setEnvironment } from '../../testing/environment.js';
import { compileLibrary, hasCompiler } from '../../testing/shared-library.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { cudaLibraries, hidesGpus, loadCuda, type PreloadAddon, setCudaEnvironment } from './cuda.js';
import { PRELOAD_ADDON } from './installed-tensorflow.js';

async function preloadAddon(): Promise<PreloadAddon> {
  const folder = temporaryFolder();
  await compilePreload(await findCompiler(), folder);
  return createRequire(join(folder, 'package.json'))(join(folder, PRELOAD_ADDON));
}

/** Each test has names of its own: what a process has loaded it keeps. */
const library = (folder: string, name: string) => join(folder, name, `lib${name}.so.1`);

describe.skipIf(!hasCompiler)(`preloading${hasCompiler ? '' : ' (skipped: no g++ here)'}`, () => {
  it('loads libraries that need each other in any order, and finds them by their names then', async () => {
    const { preload } = await preloadAddon();
    const folder = temporaryFolder();
    const [a, b, c] = ['knLoadA', 'knLoadB', 'knLoadC'].map(name => library(folder, name));
    compileLibrary(c, 'int c() { return 3; }');
    compileLibrary(b, 'int c(); int b() { return c(); }', [c]);
    // This one names no library: only one that is loaded for all has b().
    compileLibrary(a, 'int b(); int a() { return b(); }');
    expect(preload(['libknLoadA.so.1'])).toEqual([expect.stringContaining('libknLoadA.so.1: cannot open')]);
    expect(preload([a, b, c])).toEqual([]);
    expect(preload(['libknLoadA.so.1', 'libknLoadB.so.1', 'libknLoadC.so.1'])).toEqual([]);
  });

  it('says of each that does not load why, and loads the others', async () => {
    const { preload } = await preloadAddon();
    const folder = temporaryFolder();
    const [good, needy, gone] = ['knSayGood', 'knSayNeedy', 'knSayGone'].map(name => library(folder, name));
    compileLibrary(good, 'int good() { return 1; }');
    compileLibrary(needy, 'int missing(); int needy() { return missing(); }');
    expect(preload([gone, needy, good])).toEqual([
      expect.stringMatching(/libknSayGone\.so\.1: cannot open shared object file/),
      expect.stringMatching(/libknSayNeedy\.so\.1: undefined symbol: missing/),
    ]);
    expect(preload(['libknSayGood.so.1'])).toEqual([]);
    expect(() => Reflect.apply(preload, undefined, ['one'])).toThrow('preload takes an array of paths');
  });

  it('needs a driver: without one, none of the libraries of CUDA is loaded', async () => {
    const { preload } = await preloadAddon();
    setEnvironment({ CUDA_VISIBLE_DEVICES: undefined });
    const folder = temporaryFolder();
    const driver = compileLibrary(join(folder, 'libcuda.so.1'), 'int cuInit() { return 0; }');
    const blas = compileLibrary(
      join(folder, 'nvidia/cublas/lib/libknBlas.so.12'),
      'int blas() { return 1; }',
    );
    const without = { preload: (paths: readonly string[]) => preload(paths.map(path => `/nowhere/${path}`)) };
    expect(await loadCuda(folder, without)).toEqual({ driver: false, missing: [] });

    expect(preload([driver])).toEqual([]);
    setEnvironment({ CUDA_VISIBLE_DEVICES: '-1' });
    expect(await loadCuda(folder, { preload })).toEqual({ driver: false, missing: [] });
    expect(preload(['libknBlas.so.12'])).toHaveLength(1);

    setEnvironment({ CUDA_VISIBLE_DEVICES: '0' });
    expect(await loadCuda(folder, { preload })).toEqual({ driver: true, missing: [] });
    expect(preload(['libknBlas.so.12'])).toEqual([]);

    writeFileSync(blas.replace('knBlas', 'knTorn'), 'not a library');
    expect(await loadCuda(folder, { preload })).toEqual({
      driver: true,
      missing: [expect.stringContaining('libknTorn.so.12: file too short')],
    });
  });
});

describe('the libraries of CUDA', () => {
  it('are those that programs open, and none that puts itself in the place of another', async () => {
    const folder = temporaryFolder();
    const files = [
      ...['cublas/lib/libcublas.so.12', 'cublas/lib/libcublasLt.so.12', 'cublas/lib/libnvblas.so.12'],
      ...[
        'cudnn/lib/libcudnn_engines_precompiled.so.9',
        'cufft/lib/libcufft.so.11',
        'cufft/lib/libcufftw.so.11',
      ],
      ...['cuda_nvrtc/lib/libnvrtc.so.12', 'cuda_nvrtc/lib/libnvrtc.alt.so.12'],
      ...[
        'cuda_nvrtc/lib/libnvrtc-builtins.so.12.9',
        'cuda_nvcc/bin/ptxas',
        'cuda_nvcc/nvvm/lib64/libnvvm.so.4',
      ],
    ].map(name => join(folder, 'nvidia', name));
    for (const file of files) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, '');
    }
    const found = (await cudaLibraries(folder)).map(path => path.slice(folder.length + '/nvidia/'.length));
    expect(found).toEqual([
      'cublas/lib/libcublas.so.12',
      'cublas/lib/libcublasLt.so.12',
      'cuda_nvrtc/lib/libnvrtc-builtins.so.12.9',
      'cuda_nvrtc/lib/libnvrtc.so.12',
      'cudnn/lib/libcudnn_engines_precompiled.so.9',
      'cufft/lib/libcufft.so.11',
    ]);
    expect(await cudaLibraries(temporaryFolder())).toEqual([]);
  });
});

describe('the environment', () => {
  it.each([
    [undefined, false],
    ['0', false],
    ['1,-1', false],
    ['GPU-8932f937', false],
    ['', true],
    ['-1', true],
    ['-1,0', true],
  ])('CUDA_VISIBLE_DEVICES=%s hides the GPUs: %s', (value, hides) => {
    expect(hidesGpus(value)).toBe(hides);
  });

  it('has products in float32, always; memory that grows and one order of sums, unless the user wants it otherwise', () => {
    const prepared = (variables: Readonly<Record<string, string | undefined>>) => {
      setEnvironment(variables);
      setCudaEnvironment();
      return process.env;
    };
    expect(
      prepared({
        TF_FORCE_GPU_ALLOW_GROWTH: undefined,
        NVIDIA_TF32_OVERRIDE: undefined,
        TF_DETERMINISTIC_OPS: undefined,
      }),
    ).toMatchObject({
      TF_FORCE_GPU_ALLOW_GROWTH: 'true',
      NVIDIA_TF32_OVERRIDE: '0',
      TF_DETERMINISTIC_OPS: '1',
    });
    expect(
      prepared({ TF_FORCE_GPU_ALLOW_GROWTH: 'false', NVIDIA_TF32_OVERRIDE: '1', TF_DETERMINISTIC_OPS: '0' }),
    ).toMatchObject({
      TF_FORCE_GPU_ALLOW_GROWTH: 'false',
      NVIDIA_TF32_OVERRIDE: '0',
      TF_DETERMINISTIC_OPS: '0',
    });
  });
});
