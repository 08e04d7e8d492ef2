/** Takes libtensorflow and its C headers out of a wheel, a tarball or a folder. */
import { createWriteStream, mkdirSync } from 'node:fs';
import { copyFile, mkdir, readdir, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extract, list } from 'tar';
import { type Entry, openPromise } from 'yauzl';
import { reasonOf, refusedFile, systemErrorCode, UserError } from '../errors.js';

/**
 * Where a file of libtensorflow goes: its libraries under the names that they look for each other by, and the headers of
 * the C interface. Undefined for all else; a wheel has 20,000 other files.
 */
export function placeOf(name: string): string | undefined {
  const library = /(?:^|\/)(libtensorflow(?:_cc|_framework)?\.so\.\d+)(?:\.\d+)*$/.exec(name);
  if (library) return join('lib', library[1]);
  const header =
    /(?:^|\/)include\/((?:tensorflow\/c|tsl\/c|xla\/tsl\/c|tsl\/platform)\/.*\.h|.*\/(?:ctstring(?:_internal)?|\w+_c_api)\.h)$/.exec(
      name,
    );
  return header ? join('include', header[1]) : undefined;
}

/** @throws UserError where it holds no libtensorflow, is damaged, or there is no room for it */
export async function unpackTensorflow(source: string, target: string): Promise<void> {
  const found = await stat(source).catch(error => {
    throw refusedFile(
      source,
      'read',
      error,
      '--from takes pypi, google, or the path of a wheel, a tarball or a folder.',
    );
  });
  if (found.isDirectory()) await copyFromFolder(source, target);
  else if (/\.(whl|zip)$/.test(source)) await unpackZip(source, target);
  else if (/\.(tgz|tar\.gz|tar)$/.test(source)) await unpackTar(source, target);
  else throw new UserError(`${source}: neither a wheel (.whl), a tarball (.tar.gz) nor a folder`);
  const libraries = await readdir(join(target, 'lib')).catch(() => []);
  const headers = await stat(join(target, 'include/tensorflow/c/c_api.h')).catch(() => undefined);
  if (libraries.length === 0 || !headers) {
    throw new UserError(
      `${source}: holds no libtensorflow with its C headers`,
      'Give the wheel tensorflow-cpu, a libtensorflow tarball, or a folder with either unpacked in it.',
    );
  }
}

/** @throws UserError where `folder`'s disk has less room than `bytes` */
export async function checkRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const room = bavail * bsize;
  if (room >= bytes) return;
  throw new UserError(
    `${folder}: ${Math.ceil(bytes / 1e6)} MB are needed there, and ${Math.floor(room / 1e6)} MB are free`,
    'Make room, or name another disk with KN_DATA (engines) and KN_CACHE (downloads).',
  );
}

async function unpackZip(source: string, target: string): Promise<void> {
  const zip = await openPromise(source, { autoClose: false }).catch(error => {
    throw damaged(source, error);
  });
  try {
    const wanted: { readonly entry: Entry; readonly path: string }[] = [];
    for await (const entry of zip.eachEntry()) {
      const place = placeOf(entry.fileName);
      if (place !== undefined) wanted.push({ entry, path: join(target, place) });
    }
    await checkRoom(dirname(target), sum(wanted.map(({ entry }) => entry.uncompressedSize)));
    for (const { entry, path } of wanted) {
      await mkdir(dirname(path), { recursive: true });
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(path));
    }
  } catch (error) {
    throw damaged(source, error);
  } finally {
    zip.close();
  }
}

async function unpackTar(source: string, target: string): Promise<void> {
  try {
    const sizes: number[] = [];
    await list({
      file: source,
      strict: true,
      onReadEntry: ({ path, type, size }) => {
        if (type === 'File' && placeOf(path) !== undefined) sizes.push(size);
      },
    });
    await checkRoom(dirname(target), sum(sizes));
    const writing: Promise<void>[] = [];
    await list({
      file: source,
      onReadEntry: entry => {
        const place = entry.type === 'File' ? placeOf(entry.path) : undefined;
        if (place === undefined) return;
        const path = join(target, place);
        mkdirSync(dirname(path), { recursive: true });
        writing.push(pipeline(entry, createWriteStream(path)));
      },
    });
    await Promise.all(writing);
  } catch (error) {
    throw damaged(source, error);
  }
}

async function copyFromFolder(source: string, target: string): Promise<void> {
  const names = await readdir(source, { recursive: true });
  const wanted = names.flatMap(name => {
    const place = placeOf(name);
    return place === undefined ? [] : [{ from: join(source, name), to: join(target, place) }];
  });
  const sizes = await Promise.all(wanted.map(async ({ from }) => (await stat(from)).size));
  await checkRoom(dirname(target), sum(sizes));
  for (const { from, to } of wanted) {
    await mkdir(dirname(to), { recursive: true });
    await copyFile(from, to);
  }
}

/** Unpacks an npm package's tarball into `target`. */
export async function unpackPackage(source: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true });
  await extract({ file: source, cwd: target, strip: 1, strict: true }).catch(error => {
    throw damaged(source, error);
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}

function damaged(source: string, error: unknown): unknown {
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
