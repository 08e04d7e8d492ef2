/** Reads archives of the zip format, as wheels are. */
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { reasonOf, refusedFile, systemErrorCode, UserError } from '../errors.js';
import { checkPlainFile } from '../plain-file.js';
import { checkRoom, sum } from './room.js';

/** Larger pieces than zlib's 16 KiB: libtensorflow's 850 MB come out in half of the time. */
const PIECE = 2 ** 20;

const DEFLATED = 8;

/**
 * Unpacks some of the files of an archive, entry by entry.
 * @param placeOf where in `target` a file goes; undefined where it is not wanted
 * @throws UserError where it is damaged or there is no room for it
 */
export function unpackZip(
  source: string,
  target: string,
  placeOf: (name: string) => string | undefined,
): Promise<void> {
  return withZip(source, async zip => {
    const wanted: { readonly entry: Entry; readonly path: string }[] = [];
    for await (const entry of zip.eachEntry()) {
      const place = entry.fileName.endsWith('/') ? undefined : placeOf(entry.fileName);
      if (place !== undefined) wanted.push({ entry, path: join(target, place) });
    }
    const bytes = sum(wanted.map(({ entry }) => entry.uncompressedSize));
    await checkRoom({ folder: dirname(target), bytes });
    for (const { entry, path } of wanted) {
      await mkdir(dirname(path), { recursive: true });
      await unpackEntry(zip, entry, path);
    }
  });
}

/** Writes one file of an archive, whose size and checksum have to be what the archive says. */
async function unpackEntry(zip: ZipFile, entry: Entry, path: string): Promise<void> {
  const isDeflated = entry.compressionMethod === DEFLATED;
  const packed = await zip.openReadStreamPromise(entry, isDeflated ? { decompress: false } : {});
  // Only now: a file that is open while something else fails is closed by nobody.
  const mode = isExecutable(entry) ? 0o777 : 0o666; // less what the umask takes
  const file = createWriteStream(path, { highWaterMark: 4 * PIECE, mode });
  const checked = (content: AsyncIterable<Buffer>) => asListed(entry, content);
  if (isDeflated) await pipeline(packed, createInflateRaw({ chunkSize: PIECE }), checked, file);
  else await pipeline(packed, checked, file);
}

async function* asListed(
  { fileName, uncompressedSize, crc32: checksum }: Entry,
  content: AsyncIterable<Buffer>,
) {
  let [size, found] = [0, 0];
  for await (const piece of content) {
    size += piece.length;
    found = crc32(piece, found);
    if (size > uncompressedSize) break;
    yield piece;
  }
  if (size !== uncompressedSize || found !== checksum)
    throw new Error(`${fileName} is not what the archive lists`);
}

/**
 * The text of the first file whose name matches; undefined where there is none.
 * @throws UserError where the archive is damaged
 */
export function readZipText(source: string, name: RegExp): Promise<string | undefined> {
  return withZip(source, async zip => {
    for await (const entry of zip.eachEntry()) {
      if (name.test(entry.fileName)) return text(await zip.openReadStreamPromise(entry));
    }
    return undefined;
  });
}

async function withZip<T>(source: string, work: (zip: ZipFile) => Promise<T>): Promise<T> {
  await checkPlainFile(source);
  const zip = await openPromise(source, { autoClose: false }).catch(error => {
    throw systemErrorCode(error) === undefined ? damaged(source, error) : refusedFile(source, 'read', error);
  });
  try {
    return await work(zip);
  } catch (error) {
    throw damaged(source, error);
  } finally {
    zip.close();
  }
}

/** Unix keeps a file's mode in the upper half of these bits. */
function isExecutable({ externalFileAttributes }: Entry): boolean {
  return ((externalFileAttributes >>> 16) & 0o111) !== 0;
}

export function damaged(source: string, error: unknown): unknown {
  if (error instanceof UserError) return error;
  const code = systemErrorCode(error);
  if (code === 'ENOSPC' || code === 'EFBIG' || code === 'EACCES')
    return refusedFile(source, 'unpacked', error);
  return new UserError(
    `${source}: it is damaged (${reasonOf(error)})`,
    'Delete it, and run the same command again.',
    { cause: error },
  );
}
