/** The hub's cache as Python's huggingface_hub lays it out: snapshots of commits, of links to blobs, and what names a commit. */
import { copyFile, rename, stat, symlink, unlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { refusedFile, systemErrorCode, type UserError } from '../../errors.js';
import { fileExists, makeFolder, nameIsTaken, readJsonFile } from '../../files.js';
import { openPlainFile, readPlainText } from '../../plain-file.js';
import { writeWholeFile } from '../../whole-file.js';
import { TOKENIZER_FILES } from '../tokenizer/load-tokenizer.js';
import { presentFiles, shardsOfIndex, WEIGHTS_FILE, WEIGHTS_INDEX_FILE } from './checkpoint.js';
import { isCommit } from './hub-answers.js';
import { readSafetensorsHeader } from './safetensors.js';

/** A commit, in bytes. */
const SHORT = 4096;

export interface CachedModel {
  readonly folder: string;
  /** The commit. */
  readonly revision: string;
}

export function snapshotFolder(storage: string, commit: string): string {
  return join(storage, 'snapshots', commit);
}

/** One of them makes a tokenizer. Python fetches a model's files one by one, and may have had no use for it. */
const VOCABULARIES = ['tokenizer.json', 'vocab.txt', 'vocab.json'];

/**
 * The snapshot that a revision names in the cache, where it is whole: neither weights nor a vocabulary are missing, and no link leads
 * to nothing.
 */
export async function findCached(storage: string, revision: string): Promise<CachedModel | undefined> {
  const commit = isCommit(revision) ? revision : await notedCommit(storage, revision);
  if (!isCommit(commit)) return undefined;
  const folder = snapshotFolder(storage, commit);
  const has = (file: string) => fileExists(join(folder, file));
  for (const file of TOKENIZER_FILES)
    if (!(await has(file)) && (await nameIsTaken(join(folder, file)))) return undefined;
  if (!(await has('config.json'))) return undefined;
  if ((await presentFiles(folder, VOCABULARIES)).length === 0) return undefined;
  for (const file of await weightsOf(folder, has)) if (!(await has(file))) return undefined;
  return { folder, revision: commit };
}

/**
 * Which files of a snapshot are there and may be whole. Other programs leave empty files and halves where a disk was full; what can
 * be seen without asking the hub is that a file is empty, and that weights are shorter than their own header says.
 */
export async function wholeFiles(folder: string, names: readonly string[]): Promise<string[]> {
  const whole: string[] = [];
  for (const name of names) if (await mayBeWhole(join(folder, name))) whole.push(name);
  return whole;
}

async function mayBeWhole(path: string): Promise<boolean> {
  if (!(await sizeOf(path))) return false;
  if (!path.endsWith('.safetensors')) return true;
  const file = await openPlainFile(path).catch(() => undefined);
  try {
    return file === undefined || (await readSafetensorsHeader(file, path)).size > 0;
  } catch {
    return false;
  } finally {
    await file?.close();
  }
}

/** Whether a file is there and has as many bytes as it should. */
export async function hasSize(path: string, bytes: number | undefined): Promise<boolean> {
  return bytes !== undefined && (await sizeOf(path)) === bytes;
}

/** In bytes; undefined where there is no such file. */
function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}

async function weightsOf(folder: string, has: (file: string) => Promise<boolean>): Promise<string[]> {
  if ((await has(WEIGHTS_FILE)) || !(await has(WEIGHTS_INDEX_FILE))) return [WEIGHTS_FILE];
  const index = join(folder, WEIGHTS_INDEX_FILE);
  return readJsonFile(index)
    .then(content => shardsOfIndex(content, index))
    .catch(() => [WEIGHTS_FILE]);
}

async function notedCommit(storage: string, revision: string): Promise<string> {
  return (await readPlainText(join(storage, 'refs', revision), SHORT).catch(() => '')).trim();
}

/**
 * Notes which commit a revision is, so that it is found offline.
 * @throws UserError where it cannot be written, as in a cache that is for reading: nothing else needs it
 */
export async function noteCommit(storage: string, revision: string, commit: string): Promise<void> {
  if (revision === commit || (await notedCommit(storage, revision)) === commit) return;
  const ref = join(storage, 'refs', revision);
  try {
    await makeFolder(dirname(ref));
    await writeWholeFile(ref, commit);
  } catch (error) {
    throw refusedFile(ref, 'written', error);
  }
}

/**
 * Puts a blob into a snapshot: as a link, and where there are none (Windows without its developer mode, exFAT, some network
 * shares) as the file itself, as Python does.
 * @param path its place in the snapshot
 * @param isNew whether no other snapshot can have the blob
 * @param link makes the link
 */
export async function putIntoSnapshot(
  blob: string,
  path: string,
  isNew: boolean,
  link: (target: string, path: string) => Promise<void> = symlink,
): Promise<void> {
  if (await hasSize(path, await sizeOf(blob))) return;
  // A link whose blob was swept away, or what a disk that was full left.
  if (await nameIsTaken(path)) await unlink(path);
  try {
    await link(relative(dirname(path), blob), path);
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') throw error;
    if (isNew) return rename(blob, path);
    const part = `${path}.${process.pid}.part`;
    try {
      await copyFile(blob, part);
      await rename(part, path);
    } catch (refused) {
      await unlink(part).catch(() => undefined);
      throw refused;
    }
  }
}

const MAY_NOT = ['EROFS', 'EACCES', 'EPERM'];

/** That the cache takes nothing more. */
export function refusedCache(storage: string, error: unknown): UserError {
  const path =
    error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : storage;
  const remedy = MAY_NOT.includes(systemErrorCode(error) ?? '')
    ? 'The model is not whole there. Set HF_HOME or HF_HUB_CACHE to a folder that you may write.'
    : 'Set HF_HOME to a folder with room.';
  return refusedFile(path, 'written', error, remedy);
}
