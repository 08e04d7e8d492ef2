import { describe, expect, it } from 'vitest';
import { setEnvironment } from '../../testing/environment.js';
import { nvidiaSmi } from '../../testing/nvidia-smi.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { EngineAbsent } from '../engines/absent.js';
import { listNvidiaGpus, visibleGpus } from './nvidia-gpus.js';

/** What nvidia-smi prints for --query-gpu=uuid,memory.total,name --format=csv,noheader,nounits. */
const CSV = `GPU-5a1e, 81559, NVIDIA H100 80GB HBM3
GPU-77c0, 81559, NVIDIA H100 80GB HBM3
GPU-0b2d, [N/A], NVIDIA GB10
`;

/** A machine whose nvidia-smi says this. */
function withNvidiaSmi(
  says: string,
  { visible, exitCode }: { visible?: string; exitCode?: number } = {},
): void {
  setEnvironment({ PATH: `${nvidiaSmi(says, exitCode)}:/usr/bin:/bin`, CUDA_VISIBLE_DEVICES: visible });
}

describe('the NVIDIA GPUs', () => {
  it('are those that nvidia-smi lists, with the memory that it tells', async () => {
    withNvidiaSmi(CSV);
    expect(await listNvidiaGpus()).toEqual([
      { uuid: 'GPU-5a1e', name: 'NVIDIA H100 80GB HBM3', memory: 81559 * 2 ** 20 },
      { uuid: 'GPU-77c0', name: 'NVIDIA H100 80GB HBM3', memory: 81559 * 2 ** 20 },
      { uuid: 'GPU-0b2d', name: 'NVIDIA GB10', memory: null },
    ]);
  });

  it('are those alone that a scheduler has left visible, in its order', async () => {
    withNvidiaSmi(CSV, { visible: '2,0' });
    expect((await listNvidiaGpus()).map(({ uuid }) => uuid)).toEqual(['GPU-0b2d', 'GPU-5a1e']);
  });

  it('are absent where there is no driver, or none is visible: no fault', async () => {
    setEnvironment({ PATH: temporaryFolder() });
    await expect(listNvidiaGpus()).rejects.toThrow(EngineAbsent);
    withNvidiaSmi(CSV, { visible: '-1' });
    await expect(listNvidiaGpus()).rejects.toThrow('no NVIDIA GPU is visible here');
  });

  it('are a fault where the driver is broken, in its own words', async () => {
    withNvidiaSmi('Failed to initialize NVML: Driver/library version mismatch', { exitCode: 18 });
    const listed = listNvidiaGpus();
    await expect(listed).rejects.not.toThrow(EngineAbsent);
    await expect(listed).rejects.toThrow(
      'nvidia-smi fails: Failed to initialize NVML: Driver/library version mismatch',
    );
  });

  const [a, b] = ['GPU-5a1e', 'GPU-77c0'].map(uuid => ({ uuid, name: 'H100', memory: 8e10 }));
  it.each([
    ['0,1', [a, b]],
    ['1', [b]],
    ['GPU-77', [b]],
    ['0,7,1', [a]], // CUDA stops at the first that is none
    ['0,0', [a]],
    ['', []],
    ['NoDevFiles', []],
    ['MIG-1f', [{ uuid: 'MIG-1f', name: 'a slice of an NVIDIA GPU', memory: null }]],
  ])('with CUDA_VISIBLE_DEVICES=%s are %j', (variable, expected) => {
    expect(visibleGpus([a, b], variable)).toEqual(expected);
  });
});
