/** Files and folders that a user named. */
import { access, constants, lstat, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { refusedFile, systemErrorCode, UserError } from './errors.js';
import { NotJson, parseJson } from './parse-json.js';
import { LARGEST_DESCRIPTION, readPlainText } from './plain-file.js';
import { otherThanFile, writeWholeFile } from './whole-file.js';

/**
 * @param remedy what the user may do about a file that is none
 * @param most bytes that it may be
 * @throws UserError, naming the file, where it cannot be read, is not JSON, or has a key twice in an object
 */
export async function readJsonFile(
  path: string,
  remedy?: string,
  most = LARGEST_DESCRIPTION,
): Promise<unknown> {
  const text = await readPlainText(path, most, remedy);
  try {
    return parseJson(withoutMark(text));
  } catch (error) {
    if (!(error instanceof NotJson)) throw error;
    throw new UserError(`${path}: ${error.message}`, remedy);
  }
}

/**
 * @param remedy what the user may do where no file can be made at `path`
 * @throws UserError, naming it, where none can: better said before the work than after it
 */
export async function checkWritable(path: string, remedy: string): Promise<void> {
  try {
    await access(dirname(path), constants.W_OK);
    const other = await otherThanFile(path);
    if (other) throw new Error(`it is ${other}`);
  } catch (error) {
    throw refusedFile(path, 'written', error, remedy);
  }
}

/**
 * Writes a file that the user named, whole or not at all.
 * @param remedy what the user may do where it cannot be written
 * @throws UserError, naming it, then
 */
export async function writeNamedFile(path: string, content: string, remedy: string): Promise<void> {
  try {
    await writeWholeFile(path, content);
  } catch (error) {
    throw refusedFile(path, 'written', error, remedy);
  }
}

/** Text without the byte order mark that editors on Windows put before it: it belongs to no prompt and is no JSON. */
export function withoutMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

/**
 * Makes a folder, and those around it, where they are not there yet. Node's own `recursive` never ends in a folder
 * that is there and knows no new name, as those of /proc and of some network file systems.
 * @throws the system's error
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (await isFolder(path)) return;
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    await makeFolder(dirname(path));
    await mkdir(path).catch(async refused => {
      if (!(await isFolder(path))) throw refused;
    });
  }
}

export function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    found => found.isDirectory(),
    () => false,
  );
}

export function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    found => found.isFile(),
    () => false,
  );
}

export function fileExists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Whether anything has this name, a link to nothing too. Where a file may be left out, one that cannot be read must not pass for
 * one that is not there: another would be read in its place, or a default taken, without a word.
 * @param remedy what the user may do about a file that cannot be read
 * @throws UserError where that cannot be told
 */
export async function nameIsTaken(path: string, remedy?: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) return false;
    throw refusedFile(path, 'read', error, remedy);
  }
}
