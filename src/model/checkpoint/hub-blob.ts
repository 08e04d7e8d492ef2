import { createHash } from 'node:crypto';
import { rename, stat, truncate, unlink } from 'node:fs/promises';
import { UserError } from '../../errors.js';
import type { Asker, Patience } from '../../network/patience.js';
import { receiveFile } from '../../network/receive-file.js';
import { bytesOfFile, openPlainFile } from '../../plain-file.js';
import { otherThanFile } from '../../whole-file.js';
import { type HubFile, isHash } from './hub-answers.js';
import { readSafetensorsHeader } from './safetensors.js';

export interface BlobSource {
  readonly address: string;
  readonly token?: string;
  readonly file: HubFile;
  /** Names the file in errors. */
  readonly name: string;
  /** Asked before each change: throws where another process goes on with the download by now. */
  readonly assertHeld: () => void;
  /** Of {@link FileQuestion}. */
  readonly untilItBegins?: Patience;
}

/**
 * Receives a file into `path`, which appears only when it is whole and its hash is right. What an interrupted
 * download left is gone on with.
 * @throws UserError where what arrives is not what was announced, NetworkFault where it does not arrive
 */
export async function receiveBlob(
  { address, token, file, name, assertHeld, untilItBegins }: BlobSource,
  path: string,
  asker: Asker,
  onReceived: (bytes: number) => void,
): Promise<void> {
  const { bytes, tag } = file;
  const incomplete = `${path}.incomplete`;
  assertHeld();
  const other = await otherThanFile(incomplete);
  if (other)
    throw new UserError(`${incomplete}: it is ${other}, in the place of a download`, 'Take it away.');
  const there = await stat(incomplete).then(
    ({ size }) => size,
    () => -1,
  );
  if (there > bytes) await truncate(incomplete, 0);
  if (there === bytes) onReceived(bytes);
  else {
    const question = {
      ...{ most: bytes, assertHeld },
      ...(token !== undefined && { token }),
      ...(untilItBegins && { untilItBegins }),
    };
    await receiveFile(address, incomplete, question, asker, onReceived);
  }
  const whole = await isWhole(incomplete, bytes, tag);
  assertHeld();
  if (!whole) {
    await unlink(incomplete);
    throw new UserError(
      `${name}: what arrived is not the file that the hub announced`,
      'Try again; what came was deleted.',
    );
  }
  if (!isHash(tag) && file.path.endsWith('.safetensors')) await checkHeader(incomplete, name);
  assertHeld();
  await rename(incomplete, path);
}

async function isWhole(path: string, bytes: number, tag: string): Promise<boolean> {
  if ((await stat(path)).size !== bytes) return false;
  if (!isHash(tag)) return true;
  if (tag.length === 64) return (await digestOf(path, 'sha256')) === tag;
  return (await digestOf(path, 'sha1', `blob ${bytes}\0`)) === tag || (await digestOf(path, 'sha1')) === tag;
}

async function digestOf(path: string, algorithm: string, before = ''): Promise<string> {
  const hash = createHash(algorithm).update(before);
  for await (const bytes of bytesOfFile(path)) hash.update(bytes);
  return hash.digest('hex');
}

/** Where no hash vouches for weights, their own header has to agree with their size. */
async function checkHeader(path: string, name: string): Promise<void> {
  const handle = await openPlainFile(path);
  try {
    await readSafetensorsHeader(handle, name);
  } catch (error) {
    await unlink(path);
    throw error;
  } finally {
    await handle.close();
  }
}
