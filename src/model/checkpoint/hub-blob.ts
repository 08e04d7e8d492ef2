import { createHash } from 'node:crypto';
import { open, rename, stat, unlink } from 'node:fs/promises';
import { UserError } from '../../errors.js';
import { bytesOfFile } from '../../plain-file.js';
import { otherThanFile, writeAll } from '../../whole-file.js';

export interface ExpectedBlob {
  /** Names the file in errors. */
  readonly name: string;
  readonly bytes: number;
  /** SHA-256 of the content (40 digits: git's SHA-1 of a blob), in hexadecimal. */
  readonly hash: string;
}

/**
 * Receives a file into `path`, which appears only when it is whole and its hash is right. What an interrupted
 * download left is gone on with.
 * @throws UserError where what arrives is not what was announced
 */
export async function receiveBlob(
  source: () => Promise<Blob>,
  path: string,
  { name, bytes, hash }: ExpectedBlob,
  onReceived: (bytes: number) => void,
): Promise<void> {
  const incomplete = `${path}.incomplete`;
  const other = await otherThanFile(incomplete);
  if (other)
    throw new UserError(`${incomplete}: it is ${other}, in the place of a download`, 'Take it away.');
  let received = await stat(incomplete).then(
    ({ size }) => (size <= bytes ? size : 0),
    () => 0,
  );
  const file = await open(incomplete, received > 0 ? 'r+' : 'w');
  try {
    await file.truncate(received);
    onReceived(received);
    if (received < bytes) {
      const blob = await source();
      for await (const chunk of (received > 0 ? blob.slice(received) : blob).stream()) {
        await writeAll(file, chunk, received);
        received += chunk.length;
        if (received > bytes) break;
        onReceived(received);
      }
    }
    await file.sync();
  } finally {
    await file.close();
  }
  if (received < bytes) throw new Error(`the connection ended after ${received} of ${bytes} bytes`);
  if (received > bytes || (await hashOf(incomplete, bytes, hash)) !== hash) {
    await unlink(incomplete);
    throw new UserError(
      `${name}: what arrived is not the file that the hub announced`,
      'Try again; what came was deleted.',
    );
  }
  await rename(incomplete, path);
}

async function hashOf(path: string, bytes: number, expected: string): Promise<string> {
  const git = expected.length === 40;
  const hash = createHash(git ? 'sha1' : 'sha256');
  if (git) hash.update(`blob ${bytes}\0`);
  for await (const bytes of bytesOfFile(path)) hash.update(bytes);
  return hash.digest('hex');
}
