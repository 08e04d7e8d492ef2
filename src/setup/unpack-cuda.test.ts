import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeWheel } from '../testing/made-up-wheel.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { placeOfCuda, unpackCuda } from './unpack-cuda.js';

describe("a wheel of CUDA's", () => {
  it.each([
    ['nvidia/cudnn/lib/libcudnn.so.9', 'nvidia/cudnn/lib/libcudnn.so.9'],
    ['nvidia/cuda_nvcc/bin/ptxas', 'nvidia/cuda_nvcc/bin/ptxas'],
    ['nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc', 'nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc'],
    ['nvidia_x-1.dist-info/License.txt', 'nvidia/nvidia_x-1.dist-info/License.txt'],
    ['nvidia_x-1.dist-info/licenses/EULA', 'nvidia/nvidia_x-1.dist-info/licenses/EULA'],
    ['nvidia_x-1.dist-info/METADATA', undefined],
    ['nvidia/cuda_runtime/include/cuda/std/atomic', undefined],
    ['nvidia/cuda_runtime/lib/libcudadevrt.a', undefined],
    ['nvidia/cublas/__init__.py', undefined],
    ['elsewhere/lib/libx.so.1', undefined],
  ])('has its file %s at %s', (name, place) => {
    expect(placeOfCuda(name)).toBe(place);
  });

  it('is unpacked beside the others, and programs in it can be run', async () => {
    const wheels = ['a', 'b'].map(name =>
      writeWheel({
        project: `nvidia-${name}`,
        version: '1',
        tags: 'py3-none-manylinux1_x86_64',
        files: { [`nvidia/${name}/lib/lib${name}.so.1`]: `library ${name}`, 'nvidia/__init__.py': '' },
      }),
    );
    const target = join(temporaryFolder(), 'engine');
    await unpackCuda(wheels, target);
    expect(readdirSync(join(target, 'nvidia')).sort()).toEqual([
      'a',
      'b',
      'nvidia_a-1.dist-info',
      'nvidia_b-1.dist-info',
    ]);
    const library = join(target, 'nvidia/b/lib/libb.so.1');
    expect(readFileSync(library, 'utf8')).toBe('library b');
    expect(statSync(library).mode & 0o111).toBe(0o111);
  });
});
