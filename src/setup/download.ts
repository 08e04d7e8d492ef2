import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { reasonOf, refusedFile, systemErrorCode, UserError } from '../errors.js';
import { type Checksum, digestOf } from './checksum.js';

export type OnReceived = (received: number, total: number) => void;

/**
 * Downloads a file. What was received before a break stays in `<path>.part`, and the next call goes on from there.
 * @param checksum where undefined, whatever arrives whole is taken
 * @throws UserError where it cannot be fetched or written, or is not what the checksum says; `path` then is not there
 */
export async function download(
  url: string,
  path: string,
  checksum: Checksum | undefined,
  onReceived: OnReceived,
): Promise<void> {
  const part = `${path}.part`;
  await mkdir(dirname(path), { recursive: true }).catch(error => {
    throw refusedFile(dirname(path), 'written', error);
  });
  const there = await stat(part).then(
    ({ size }) => size,
    () => 0,
  );
  const response = await request(url, there);
  const resumes = response.status === 206;
  const expected = Number(response.headers.get('content-length') ?? 0);
  let received = resumes ? there : 0;
  const total = received + expected;
  if (response.body && response.status !== 416) {
    const counted = new Transform({
      transform(chunk: Buffer, _, done) {
        received += chunk.length;
        onReceived(received, total);
        done(null, chunk);
      },
    });
    try {
      await pipeline(
        Readable.fromWeb(response.body as ReadableStream),
        counted,
        createWriteStream(part, { flags: resumes ? 'a' : 'w' }),
      );
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === 'ENOSPC' || code === 'EFBIG' || code === 'EACCES')
        throw refusedFile(part, 'written', error);
      throw unreachable(url, error);
    }
    if (expected > 0 && received !== total) throw unreachable(url, new Error('the connection broke off'));
  }
  if (checksum) {
    const digest = await digestOf(part, checksum);
    if (digest !== checksum.digest) {
      await rm(part);
      throw new UserError(
        `${url}: its ${checksum.algorithm} is ${digest}, not ${checksum.digest}`,
        'The file was changed on its way, or the mirror has another: try again, or give a file with --from PATH.',
      );
    }
  }
  await rename(part, path);
}

async function request(url: string, from: number): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, from > 0 ? { headers: { Range: `bytes=${from}-` } } : {});
  } catch (error) {
    throw unreachable(url, error);
  }
  // 416: the part is whole already, or longer than the file; its checksum will tell.
  if (!response.ok && response.status !== 416) throw unreachable(url, new Error(`status ${response.status}`));
  return response;
}

function unreachable(url: string, error: unknown): UserError {
  return new UserError(
    `${url}: cannot be fetched (${reasonOf(error)})`,
    'Connect to the network and run the same command again (it goes on where it stopped), or give a file with --from PATH.',
    { cause: error },
  );
}
