import { join } from 'node:path';
import { unpackZip } from './zip.js';

/**
 * Where a file of a wheel of CUDA's goes: as in Python's site-packages, its licence beside it. Undefined for headers,
 * static libraries and Python.
 */
export function placeOfCuda(name: string): string | undefined {
  if (/^[^/]+\.dist-info\/.*licen[cs]e/i.test(name)) return join('nvidia', name);
  if (!name.startsWith('nvidia/') || /\/include\/|\.(?:a|h|hpp|py|pyi)$/.test(name)) return undefined;
  return name;
}

/** @throws UserError where a wheel is damaged, or there is no room for it */
export async function unpackCuda(wheels: readonly string[], target: string): Promise<void> {
  for (const wheel of wheels) await unpackZip(wheel, target, placeOfCuda);
}
