import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../errors.js';
import { cacheFolder } from '../runtime/folders.js';

export function downloadsFolder(): string {
  return join(cacheFolder(), 'downloads');
}

/** Runs work with an empty folder among the downloads, which goes afterwards. What was moved out of it stays. */
export async function inFolderOfItsOwn<T>(name: string, work: (folder: string) => Promise<T>): Promise<T> {
  await mkdir(downloadsFolder(), { recursive: true });
  await sweep();
  const folder = await mkdtemp(join(downloadsFolder(), `${name}-${process.pid}-`));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Takes away such folders of processes that are gone: a download that was killed may have left half a gigabyte. */
async function sweep(): Promise<void> {
  for (const name of await readdir(downloadsFolder())) {
    const pid = /^(?:pip|npm)-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid)))
      await rm(join(downloadsFolder(), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Someone else's process may not be asked, and is there all the same.
    return systemErrorCode(error) !== 'ESRCH';
  }
}
