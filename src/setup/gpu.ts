/** Whether this machine has what libtensorflow's build for CUDA computes on. */
import { UserError } from '../errors.js';
import { hidesGpus } from '../runtime/engines/cuda.js';
import { runTool } from './run-tool.js';
import { isNotNewer } from './wheel-name.js';

/** The first driver that runs programs of CUDA 12, whichever 12 it is. */
const OLDEST_DRIVER = '525.60.13';

const UNLESS_FORCED =
  'To make the engine here for a machine that has a GPU, add --force; without --cuda, it is made for the CPU.';

/**
 * @returns the GPU that the driver names first
 * @throws UserError where there is no GPU, or a driver that is too old
 */
export async function findGpu(): Promise<string> {
  if (hidesGpus(process.env.CUDA_VISIBLE_DEVICES))
    throw new UserError('CUDA_VISIBLE_DEVICES hides the GPUs of this machine', UNLESS_FORCED);
  const query = ['--query-gpu=name,driver_version', '--format=csv,noheader'];
  const { code, stdout, stderr } = await runTool('nvidia-smi', query);
  if (code === undefined) {
    throw new UserError(
      'no NVIDIA driver: nvidia-smi is not here',
      `Install the driver (${OLDEST_DRIVER} or newer; CUDA itself comes with kn setup). ${UNLESS_FORCED}`,
    );
  }
  const [first = ''] = `${stdout}${stderr}`.trim().split('\n');
  const [, name, driver] = /^(.+), (\d+(?:\.\d+)+)$/.exec(first) ?? [];
  if (code !== 0 || name === undefined)
    throw new UserError(`nvidia-smi finds no GPU: ${first || 'it says nothing'}`, UNLESS_FORCED);
  if (!isNotNewer(OLDEST_DRIVER, driver)) {
    throw new UserError(
      `the NVIDIA driver is ${driver}, and CUDA 12 needs ${OLDEST_DRIVER} or newer`,
      `Update the driver. ${UNLESS_FORCED}`,
    );
  }
  return `${name}, driver ${driver}`;
}
