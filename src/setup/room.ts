import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from '../errors.js';

/** Bytes that a folder is going to take. It need not be there yet. */
export interface Need {
  readonly folder: string;
  readonly bytes: number;
}

/** @throws UserError where a disk has less room than the folders on it are going to take together */
export async function checkRoom(...needs: readonly Need[]): Promise<void> {
  const disks = new Map<number, { readonly folder: string; readonly bytes: number }>();
  for (const { folder, bytes } of needs) {
    const there = await nearest(folder);
    const before = disks.get(there.device);
    disks.set(there.device, { folder: before?.folder ?? there.folder, bytes: (before?.bytes ?? 0) + bytes });
  }
  for (const { folder, bytes } of disks.values()) {
    const { bavail, bsize } = await statfs(folder);
    const room = bavail * bsize;
    if (room >= bytes) continue;
    throw new UserError(
      `${folder}: ${Math.ceil(bytes / 1e6)} MB are needed there, and ${Math.floor(room / 1e6)} MB are free`,
      'Make room, or name another disk with KN_DATA (engines) and KN_CACHE (downloads).',
    );
  }
}

/** The folder itself, or the next above it that is there. */
async function nearest(folder: string): Promise<{ readonly folder: string; readonly device: number }> {
  const found = await stat(folder).catch(() => undefined);
  return found || dirname(folder) === folder ? { folder, device: found?.dev ?? 0 } : nearest(dirname(folder));
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
