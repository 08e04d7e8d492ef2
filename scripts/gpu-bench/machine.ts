/** What can be seen of a GPU and its driver from outside, for whoever asks why it does not work. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { whyNotLoaded } from './libraries.js';

const KERNEL_DRIVER = '/proc/driver/nvidia/version';

/** The folders in which Vulkan's loader looks for manifests. */
const MANIFEST_FOLDERS = ['/etc/vulkan/icd.d', '/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d'];

/** NVIDIA's driver for Vulkan, linked with X11 and without: either will do. */
export const DRIVER_LIBRARIES = ['libGLX_nvidia.so.0', 'libEGL_nvidia.so.0'];

/**
 * One line for each thing.
 * @param lent libraries that are the archive's
 */
export function describeMachine(lent: readonly string[]): string[] {
  const devices = namesIn('/dev').filter(name => name.startsWith('nvidia'));
  const rendering = namesIn('/dev/dri').filter(name => name.startsWith('render'));
  const manifests = MANIFEST_FOLDERS.flatMap(folder => namesIn(folder).map(name => join(folder, name)));
  const processors = cpus();
  return [
    `processor: ${processors[0]?.model.trim() ?? 'unknown'}, ${processors.length} cores`,
    `NVIDIA's kernel driver: ${existsSync(KERNEL_DRIVER) ? firstLine(KERNEL_DRIVER) : `none (${KERNEL_DRIVER} is not there)`}`,
    `devices: ${[...devices, ...rendering].map(name => `/dev/${name}`).join(', ') || 'no /dev/nvidia*, no /dev/dri/render*'}`,
    `manifests of Vulkan's drivers: ${manifests.join(', ') || `none in ${MANIFEST_FOLDERS.join(', ')}`}`,
    ...['libvulkan.so.1', ...DRIVER_LIBRARIES].map(name => `${name}: ${whyNotLoaded(name) ?? 'loads'}`),
    `lent by this archive, since they are missing: ${lent.join(', ') || 'nothing'}`,
  ];
}

/** What to do where no GPU was found. */
export function adviceFor(): string {
  if (!existsSync(KERNEL_DRIVER)) {
    return "Is there a GPU, and is its driver installed? Where Vulkan's driver lies elsewhere, VK_DRIVER_FILES names its manifest.";
  }
  if (DRIVER_LIBRARIES.every(name => whyNotLoaded(name) !== undefined)) {
    return (
      "The driver's libraries for Vulkan are missing or incomplete. In a container: start it with " +
      'NVIDIA_DRIVER_CAPABILITIES=all (the default is computing with CUDA alone). Elsewhere: install the whole driver, ' +
      'not its headless or compute part.'
    );
  }
  return 'The driver is there and gives Vulkan no GPU: its libraries and its kernel module may be of different versions; nvidia-smi says so.';
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

function firstLine(path: string): string {
  return readFileSync(path, 'utf8').split('\n')[0];
}
