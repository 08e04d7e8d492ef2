import { describe, expect, it } from 'vitest';
import { writeWheel } from '../testing/made-up-wheel.js';
import { cudaRequirementsOf, requirementsOf } from './requirements.js';

/** Some lines of tensorflow 2.21.0's METADATA, and of older ones. */
const METADATA = `Metadata-Version: 2.4
Name: tensorflow
Requires-Dist: numpy>=1.26.0
Provides-Extra: and-cuda
Requires-Dist: nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"
Requires-Dist: nvidia-nccl-cu12 (==2.16.5) ; extra == 'and-cuda'
Requires-Dist: nvidia-cudnn-cu12[all] == 9.3.0.75 ; sys_platform == "linux" and extra == "and-cuda"
Requires-Dist: tensorflow-io-gcs-filesystem>=0.23.1; (sys_platform != "win32") and extra == "gcs-filesystem"

Requires-Dist: not-a-header==1.0; extra == "and-cuda"
`;

describe('requirements', () => {
  it.each([METADATA, METADATA.replaceAll('\n', '\r\n')])(
    'are those of the extra, in every way to write them',
    text => {
      expect(requirementsOf(text, 'and-cuda')).toEqual([
        { project: 'nvidia-cublas-cu12', specifier: '<13.0,>=12.5.3.2' },
        { project: 'nvidia-nccl-cu12', specifier: '==2.16.5' },
        { project: 'nvidia-cudnn-cu12', specifier: '==9.3.0.75' },
      ]);
    },
  );

  it('are read from a wheel', async () => {
    const requires = ['six>=1', 'nvidia-a-cu12<2,>=1; extra == "and-cuda"'];
    const wheel = writeWheel({
      project: 'tensorflow',
      version: '2.21.0',
      tags: 'cp312-cp312-linux_x86_64',
      requires,
    });
    expect(await cudaRequirementsOf(wheel)).toEqual([{ project: 'nvidia-a-cu12', specifier: '<2,>=1' }]);
  });

  it('that are none are refused, and so is a file that is not there', async () => {
    const wheel = writeWheel({ project: 'six', version: '1.0', tags: 'py3-none-any', requires: ['numpy'] });
    await expect(cudaRequirementsOf(wheel)).rejects.toThrow(`${wheel}: its METADATA names no CUDA libraries`);
    await expect(cudaRequirementsOf('./nowhere.whl')).rejects.toThrow(
      './nowhere.whl: cannot be read (no such file or directory)',
    );
  });
});
