import { UserError } from '../errors.js';
import { accuracyOf } from './accuracy.js';
import { type ProbeResult, probe } from './probe.js';

export interface Proof {
  readonly version: string;
  /** Whether it was a GPU that computed. */
  readonly gpu: boolean;
  /** ||scores - wasm's|| / ||wasm's|| over all neurons, of the worst prompt. */
  readonly relativeError: number;
  /** GFLOPS of a large product, and what the wasm engine does. */
  readonly gigaflops: number;
  readonly wasmGigaflops: number;
}

/**
 * Compares the engine in a data folder with the wasm engine.
 * @param dataFolder as KN_DATA names it
 * @param device what must compute
 * @throws UserError where it does not start, computes on something else, or gives other numbers
 */
export async function proveTensorflow(dataFolder: string, device: 'cpu' | 'gpu'): Promise<Proof> {
  const asked = { bench: true, scores: true };
  const wasm = usable(await probe({ engine: 'wasm', ...asked }));
  const hidden = device === 'cpu' ? { CUDA_VISIBLE_DEVICES: '-1' } : {};
  const engine = usable(await probe({ engine: 'tensorflow', ...asked }, { KN_DATA: dataFolder, ...hidden }));
  if (device === 'gpu' && !engine.gpu) {
    throw new UserError(
      engine.notice ??
        'the engine computes on the CPU, since its process finds no NVIDIA driver (libcuda.so.1)',
      'It was not installed. Update the NVIDIA driver, or set up the engine without --cuda.',
    );
  }
  const { passed, relativeError, largestError } = accuracyOf(engine.scores, wasm.scores);
  if (!passed || relativeError === null) {
    const [relative, largest] = [relativeError, largestError].map(
      error => error?.toExponential(1) ?? 'no number',
    );
    throw new UserError(
      `the engine computes other numbers than wasm does: a relative error of ${relative}, ${largest} of the largest score`,
      'It was not installed. Try another libtensorflow with --from.',
    );
  }
  return {
    version: engine.version,
    gpu: engine.gpu,
    relativeError,
    gigaflops: engine.gigaflops,
    wasmGigaflops: wasm.gigaflops,
  };
}

function usable(result: ProbeResult) {
  if (!result.usable) {
    throw new UserError(`the engine cannot be used: ${result.why}`, 'It was not installed.');
  }
  const { gigaflops, scores, ...rest } = result;
  if (gigaflops === null || scores === null) throw new Error('a probe without its measurements');
  return { ...rest, gigaflops, scores };
}
