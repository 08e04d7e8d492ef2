/** What libtensorflow's build for CUDA needs of a process before it is loaded. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** native/preload.cc */
export interface PreloadAddon {
  /** @returns what the loader says of those that do not load */
  preload(paths: readonly string[]): string[];
}

export interface CudaLoaded {
  /** Whether there is a driver, and GPUs are not hidden: where not, libtensorflow computes on the CPU. */
  readonly driver: boolean;
  /** What the loader says of CUDA's libraries that did not load. */
  readonly missing: readonly string[];
}

/** Whether CUDA_VISIBLE_DEVICES has this meaning. It lists numbers, and all after the first impossible one count as none. */
export function hidesGpus(visibleDevices: string | undefined): boolean {
  return visibleDevices !== undefined && /^\s*(?:-\d+.*)?$/.test(visibleDevices);
}

/** Sets what libtensorflow and CUDA's libraries read from the environment when they are loaded. */
export function setCudaEnvironment(): void {
  // Without it the first worker takes the whole memory of the GPU.
  process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
  // Or products have ten bits of mantissa, on every GPU since 2020: too few for the method's numbers.
  process.env.NVIDIA_TF32_OVERRIDE = '0';
  // Operations that add up in the same order each time: or a run's last digits would be others when it is repeated.
  process.env.TF_DETERMINISTIC_OPS ??= '1';
}

/** Loads CUDA's libraries from the folder of the engine; none where there is no GPU that they could be for. */
export async function loadCuda(folder: string, { preload }: PreloadAddon): Promise<CudaLoaded> {
  if (hidesGpus(process.env.CUDA_VISIBLE_DEVICES) || preload(['libcuda.so.1']).length > 0)
    return { driver: false, missing: [] };
  return { driver: true, missing: preload(await cudaLibraries(folder)) };
}

/**
 * The libraries that programs open by name. Not nvBLAS and cuFFTW, which put themselves in the place of a BLAS and of
 * FFTW, and not the second builds of some ("libnvrtc.alt.so.12").
 */
export async function cudaLibraries(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, 'nvidia'), { recursive: true }).catch(() => []);
  return names
    .filter(name => /\/lib\/lib(?!nvblas|cufftw)[\w-]+\.so\.[\d.]+$/.test(name))
    .map(name => join(folder, 'nvidia', name))
    .sort();
}
