import { describe, expect, it } from 'vitest';
import { isNotNewer, runsOnLinux } from './wheel-name.js';

describe('a wheel', () => {
  it.each([
    ['nvidia_cublas_cu12-12.9.1.4-py3-none-manylinux_2_27_x86_64.whl', true],
    ['nvidia_nccl_cu12-2.27.7-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl', true],
    ['nvidia_cufft_cu12-11.2-1-py2.py3-none-manylinux1_x86_64.whl', true],
    ['x-1.0-py3-none-manylinux_2_28_x86_64.whl', true],
    ['x-1.0-py3-none-manylinux_2_29_x86_64.whl', false],
    ['x-1.0-py3-none-manylinux_2_27_aarch64.whl', false],
    ['x-1.0-py3-none-win_amd64.whl', false],
    ['x-1.0-py3-none-any.whl', false],
    ['x-1.0-cp312-cp312-manylinux_2_17_x86_64.whl', false],
    ['../x-1.0-py3-none-manylinux1_x86_64.whl', false],
    ['x-1.0.tar.gz', false],
  ])('%s is for any Python on Linux with glibc 2.28: %s', (file, runs) => {
    expect(runsOnLinux(file, '2.28')).toBe(runs);
  });
});

describe('versions', () => {
  it.each([
    ['2.9', '2.36', true],
    ['2.36', '2.9', false],
    ['525.60.13', '525.60.13', true],
    ['525.60.13', '525.60', false],
    ['525.60.13', '535.5', true],
    ['525.60.13', '470.223.02', false],
  ])('%s is not newer than %s: %s', (version, other, expected) => {
    expect(isNotNewer(version, other)).toBe(expected);
  });
});
