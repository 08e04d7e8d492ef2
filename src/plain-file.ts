/**
 * The one way to a file that is read: a plain one, of a size that can be meant. A pipe would keep its reader waiting for ever, a
 * device such as /dev/zero has no end, and a file may grow while it is read.
 */
import { isUtf8, constants as limits } from 'node:buffer';
import type { Stats } from 'node:fs';
import { constants, type FileHandle, open, stat } from 'node:fs/promises';
import { refusedFile, systemErrorCode, UserError } from './errors.js';

/** What is read as one text is no longer than Node's longest string. */
export const LONGEST_TEXT = limits.MAX_STRING_LENGTH;

/** Of what describes a model or a run, in bytes: four times the largest tokenizer.json that is in use. */
export const LARGEST_DESCRIPTION = 2 ** 27;

/** No line of ours comes near to it, and one that does not end must not fill the memory. In bytes. */
const LONGEST_LINE = 2 ** 20;

/**
 * Opens a file to read it. Close it.
 * @param remedy what the user may do about one that cannot be read
 * @throws UserError where it cannot be opened, or is no file
 */
export async function openPlainFile(path: string, remedy?: string): Promise<FileHandle> {
  let handle: FileHandle | undefined;
  try {
    // To open a device may already do something, so that this is looked at first.
    checkPlain(path, await stat(path), remedy);
    // Another may be in its place by now: nothing is waited for, and it is looked at again.
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    checkPlain(path, await handle.stat(), remedy);
    return handle;
  } catch (error) {
    await handle?.close();
    throw asRefused(path, error, remedy);
  }
}

/**
 * For those that open a file themselves.
 * @throws UserError as {@link openPlainFile} does
 */
export async function checkPlainFile(path: string, remedy?: string): Promise<void> {
  await (await openPlainFile(path, remedy)).close();
}

function checkPlain(path: string, found: Stats, remedy: string | undefined): void {
  if (found.isFile()) return;
  const kinds = [
    [found.isDirectory(), 'a folder'],
    [found.isFIFO(), 'a pipe'],
    [found.isSocket(), 'a socket'],
  ] as const;
  const what = kinds.find(([is]) => is)?.[1] ?? 'a device';
  throw new UserError(`${path}: it is ${what}, where a file is needed`, remedy);
}

/**
 * All of a file.
 * @param most bytes
 * @throws UserError where it cannot be read, is no file, or is larger
 */
export async function readPlainFile(path: string, most: number, remedy?: string): Promise<Buffer> {
  const file = await openPlainFile(path, remedy);
  try {
    const { size } = await file.stat();
    const pieces: Buffer[] = [];
    let bytes = 0;
    // Beyond what the system says of its size, since it may have grown, and files of /proc are said to be empty.
    for (let room = size; size <= most && bytes <= most; room = 0) {
      const piece = Buffer.allocUnsafe(Math.max(room, 2 ** 12));
      const { bytesRead } = await file.read(piece, 0, piece.length, bytes);
      if (bytesRead === 0) return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
      pieces.push(piece.subarray(0, bytesRead));
      bytes += bytesRead;
    }
    throw tooLarge(path, most, remedy);
  } catch (error) {
    throw asRefused(path, error, remedy);
  } finally {
    await file.close();
  }
}

/**
 * All of a file of text.
 * @throws UserError as {@link readPlainFile} does, or where it is not in UTF-8: letters would be others
 */
export async function readPlainText(path: string, most: number, remedy?: string): Promise<string> {
  return textOf(await readPlainFile(path, most, remedy), path, remedy);
}

/**
 * All of a stream of text, such as standard input.
 * @param name of it, in errors
 * @throws UserError where it is longer than `most` bytes, cannot be read, or is not in UTF-8
 */
export async function readStream(
  stream: AsyncIterable<Buffer>,
  name: string,
  most: number,
  remedy?: string,
): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of stream) {
      bytes += piece.length;
      if (bytes > most) throw tooLarge(name, most, remedy);
      pieces.push(piece);
    }
  } catch (error) {
    throw asRefused(name, error, remedy);
  }
  return textOf(Buffer.concat(pieces), name, remedy);
}

/**
 * The bytes of a file, however large, piece by piece.
 * @throws UserError as {@link openPlainFile} does, or where it cannot be read to its end
 */
export async function* bytesOfFile(path: string, remedy?: string): AsyncGenerator<Buffer> {
  // The stream closes the file, however it ends.
  const stream: AsyncIterable<Buffer> = (await openPlainFile(path, remedy)).createReadStream();
  try {
    yield* stream;
  } catch (error) {
    throw asRefused(path, error, remedy);
  }
}

/**
 * The lines of a file of text, however large, without their ends.
 * @throws UserError as {@link bytesOfFile} does, or where a line is longer than any that can be meant, or not in UTF-8
 */
export async function* linesOfFile(path: string, remedy?: string): AsyncGenerator<string> {
  let line = 1;
  let begun: Buffer[] = [];
  let length = 0;
  const add = (piece: Buffer) => {
    begun.push(piece);
    length += piece.length;
    if (length > LONGEST_LINE)
      throw new UserError(`${path}:${line}: a line of more than ${LONGEST_LINE} bytes`, remedy);
  };
  const whole = () => {
    const text = textOf(Buffer.concat(begun), `${path}:${line}`, remedy).replace(/\r$/, '');
    [begun, length, line] = [[], 0, line + 1];
    return text;
  };
  for await (const chunk of bytesOfFile(path, remedy)) {
    let start = 0;
    for (let end = chunk.indexOf('\n'); end !== -1; end = chunk.indexOf('\n', start)) {
      add(chunk.subarray(start, end));
      yield whole();
      start = end + 1;
    }
    add(chunk.subarray(start));
  }
  if (length > 0) yield whole();
}

function textOf(bytes: Buffer, name: string, remedy: string | undefined): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  throw new UserError(`${name}: not a text in UTF-8`, remedy);
}

function tooLarge(name: string, most: number, remedy: string | undefined): UserError {
  const megabytes = Math.ceil(most / 2 ** 20);
  return new UserError(`${name}: larger than ${megabytes} MB, the most that such a file may be`, remedy);
}

function asRefused(name: string, error: unknown, remedy: string | undefined): unknown {
  if (error instanceof UserError || systemErrorCode(error) === undefined) return error;
  return refusedFile(name, 'read', error, remedy);
}
