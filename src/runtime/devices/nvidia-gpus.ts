/** The NVIDIA GPUs that CUDA would see, as their driver's own tool tells. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { systemErrorCode, UserError } from '../../errors.js';
import { EngineAbsent } from '../engines/absent.js';

export interface NvidiaGpu {
  readonly uuid: string;
  readonly name: string;
  /** In bytes; null where the driver does not say. */
  readonly memory: number | null;
}

/** A driver that takes longer than this to answer will not compute either. In ms. */
const PATIENCE = 30_000;

/**
 * @throws EngineAbsent where the machine has no NVIDIA driver or shows no GPU, UserError where the driver does not answer
 */
export async function listNvidiaGpus(): Promise<NvidiaGpu[]> {
  const query = ['--query-gpu=uuid,memory.total,name', '--format=csv,noheader,nounits'];
  try {
    const { stdout } = await promisify(execFile)('nvidia-smi', query, { timeout: PATIENCE });
    const gpus = visibleGpus(parseGpus(stdout), process.env.CUDA_VISIBLE_DEVICES);
    if (gpus.length === 0)
      throw new EngineAbsent(
        'no NVIDIA GPU is visible here',
        `CUDA_VISIBLE_DEVICES is ${process.env.CUDA_VISIBLE_DEVICES ?? 'not set'}.`,
      );
    return gpus;
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (systemErrorCode(error) === 'ENOENT')
      throw new EngineAbsent(
        'there is no NVIDIA driver here',
        'nvidia-smi, which comes with it, is not found.',
      );
    const stdout = error instanceof Error && 'stdout' in error ? String(error.stdout).trim() : '';
    throw new UserError(
      `nvidia-smi fails: ${stdout.split('\n')[0] || String(error).split('\n')[0]}`,
      'Mend the NVIDIA driver, or take --engine wasm or --devices cpu.',
    );
  }
}

/** Lines such as "GPU-6a1b…, 81559, NVIDIA H100 80GB HBM3"; memory that is not told is "[N/A]". */
export function parseGpus(csv: string): NvidiaGpu[] {
  return csv
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(line => {
      const [uuid, mebibytes, ...name] = line.split(',').map(part => part.trim());
      return { uuid, name: name.join(', '), memory: Number(mebibytes) * 2 ** 20 || null };
    });
}

/**
 * Those that CUDA_VISIBLE_DEVICES leaves, in its order: numbers, the beginnings of UUIDs, or slices of a GPU (MIG), up
 * to the first that is none of these (CUDA's own rule). A scheduler such as Slurm sets it.
 */
export function visibleGpus(all: readonly NvidiaGpu[], variable: string | undefined): NvidiaGpu[] {
  if (variable === undefined) return [...all];
  const visible: NvidiaGpu[] = [];
  for (const word of variable.split(',').map(part => part.trim())) {
    const gpu = gpuOf(word, all);
    if (!gpu || visible.some(({ uuid }) => uuid === gpu.uuid)) break;
    visible.push(gpu);
  }
  return visible;
}

function gpuOf(word: string, all: readonly NvidiaGpu[]): NvidiaGpu | undefined {
  if (/^\d+$/.test(word)) return all[Number(word)];
  if (word.startsWith('MIG-')) return { uuid: word, name: 'a slice of an NVIDIA GPU', memory: null };
  return word === '' ? undefined : all.find(({ uuid }) => uuid.startsWith(word));
}
