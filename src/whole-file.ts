/** The one way to a file that a user keeps: all of it under its name, or what was there before. */
import { randomBytes } from 'node:crypto';
import { type FileHandle, lstat, open, readdir, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemErrorCode } from './errors.js';

/** A file on its way to its place: ".kn-", the process that writes it, and what makes it the only one. */
const PART = /^\.kn-\d+-[0-9a-f]{8}$/;

/** File systems that know no syncing of folders answer with one of these. */
const UNKNOWN_TO_FOLDERS = ['EINVAL', 'EISDIR', 'ENOTSUP', 'ENOSYS', 'EPERM', 'EACCES', 'EBADF'];

/**
 * What lies at `path` in the place of a plain file, which no file may replace: behind a link may be anybody's file, and
 * /dev/stdout is one. Undefined where a file or nothing is there.
 * @throws a system error where that cannot be told
 */
export async function otherThanFile(path: string): Promise<string | undefined> {
  const found = await lstat(path).catch(unlessMissing);
  if (!found || found.isFile()) return undefined;
  return found.isSymbolicLink() ? 'a link' : found.isDirectory() ? 'a folder' : 'a pipe or a device';
}

/**
 * Writes a file beside its place, and moves it there once the disk has all of it.
 * @throws a system error, or one that says what lies there instead of a file; what was there is then as it was
 */
export async function writeWholeFile(path: string, content: string | Uint8Array): Promise<void> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const other = await otherThanFile(path);
  if (other) throw new Error(`it is ${other}`);
  const before = await lstat(path).catch(unlessMissing);
  const part = join(dirname(path), `.kn-${process.pid}-${randomBytes(4).toString('hex')}`);
  try {
    const file = await open(part, 'wx');
    try {
      // It goes on after a write that took a part of them, until there is an error.
      await file.writeFile(bytes);
      if (before) await keepOwner(file, before);
      await file.sync();
      const { size } = await file.stat();
      if (size !== bytes.length) throw new Error(`the disk kept ${size} of ${bytes.length} bytes`);
    } finally {
      await file.close();
    }
    await rename(part, path);
  } catch (error) {
    await unlink(part).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Removes what killed processes left of files that they were writing into a folder; nobody else may be at work there. */
export async function sweepParts(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (PART.test(name)) await unlink(join(folder, name));
}

/** The file may be somebody else's, where root writes it. Not all file systems have owners. */
async function keepOwner(
  file: FileHandle,
  { uid, gid, mode }: Awaited<ReturnType<typeof lstat>>,
): Promise<void> {
  await file.chown(Number(uid), Number(gid)).catch(() => undefined);
  await file.chmod(Number(mode) & 0o7777).catch(() => undefined);
}

/** Writes all bytes from a position on, where one call may write a part of them. */
export async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}

/** So that the names in it survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    await folder.sync().finally(() => folder.close());
  } catch (error) {
    if (!UNKNOWN_TO_FOLDERS.includes(systemErrorCode(error) ?? '')) throw error;
  }
}

function unlessMissing(error: unknown): undefined {
  if (systemErrorCode(error) !== 'ENOENT') throw error;
}
