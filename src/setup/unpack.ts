/**
 * Takes libtensorflow and its C headers out of a wheel, a tarball or a folder. Files get the modes that this user's umask gives, and
 * not those that their packers had: root sets up an engine for all users of a machine.
 */
import { createWriteStream, mkdirSync } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extract, list } from 'tar';
import { refusedFile, UserError } from '../errors.js';
import { bytesOfFile, checkPlainFile } from '../plain-file.js';
import { checkRoom, sum } from './room.js';
import { damaged, unpackZip } from './zip.js';

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

const FROM_TAKES = '--from takes pypi, google, or the path of a wheel, a tarball or a folder.';

/** @throws UserError where it holds no libtensorflow, is damaged, or there is no room for it */
export async function unpackTensorflow(source: string, target: string): Promise<void> {
  const found = await stat(source).catch(error => {
    throw refusedFile(source, 'read', error, FROM_TAKES);
  });
  if (found.isDirectory()) await copyFromFolder(source, target);
  else if (/\.(whl|zip)$/.test(source)) await unpackZip(source, target, placeOf);
  else if (/\.(tgz|tar\.gz|tar)$/.test(source)) await unpackTar(source, target);
  else throw new UserError(`${source}: neither a wheel (.whl), a tarball (.tar.gz) nor a folder`, FROM_TAKES);
  const libraries = await readdir(join(target, 'lib')).catch(() => []);
  const headers = await stat(join(target, 'include/tensorflow/c/c_api.h')).catch(() => undefined);
  if (libraries.length === 0 || !headers) {
    throw new UserError(
      `${source}: holds no libtensorflow with its C headers`,
      'Give the wheel tensorflow-cpu, a libtensorflow tarball, or a folder with either unpacked in it.',
    );
  }
}

async function unpackTar(source: string, target: string): Promise<void> {
  await checkPlainFile(source);
  try {
    const sizes: number[] = [];
    let outside: string | undefined;
    await list({
      file: source,
      strict: true,
      onReadEntry: ({ path, type, size }) => {
        if (type !== 'File' || placeOf(path) === undefined) return;
        sizes.push(size);
        if (path.split('/').includes('..')) outside ??= path;
      },
    });
    if (outside !== undefined) throw new Error(`${outside} leads out of the folder that it is unpacked into`);
    await checkRoom({ folder: dirname(target), bytes: sum(sizes) });
    await writeEntries(source, target);
  } catch (error) {
    throw damaged(source, error);
  }
}

async function writeEntries(source: string, target: string): Promise<void> {
  const writing: Promise<void>[] = [];
  const broken = new AbortController();
  try {
    await list({
      file: source,
      strict: true,
      onReadEntry: entry => {
        const place = entry.type === 'File' ? placeOf(entry.path) : undefined;
        if (place === undefined) return;
        const path = join(target, place);
        mkdirSync(dirname(path), { recursive: true });
        const written = pipeline(entry, createWriteStream(path), { signal: broken.signal });
        // Looked at below: until then a full disk is no rejection that nobody handles, which would end the process.
        written.catch(() => undefined);
        writing.push(written);
      },
    });
  } catch (error) {
    broken.abort();
    // Whoever hears of the damage removes the folder: nothing may be about to write into it.
    await Promise.allSettled(writing);
    throw error;
  }
  await Promise.all(writing);
}

async function copyFromFolder(source: string, target: string): Promise<void> {
  const names = await readdir(source, { recursive: true });
  const wanted = names.flatMap(name => {
    const place = placeOf(name);
    return place === undefined ? [] : [{ from: join(source, name), to: join(target, place) }];
  });
  const sizes: number[] = [];
  for (const { from } of wanted) {
    await checkPlainFile(from);
    sizes.push((await stat(from)).size);
  }
  await checkRoom({ folder: dirname(target), bytes: sum(sizes) });
  for (const { from, to } of wanted) {
    await mkdir(dirname(to), { recursive: true });
    await pipeline(bytesOfFile(from), createWriteStream(to));
  }
}

/** Unpacks an npm package's tarball into `target`. */
export async function unpackPackage(source: string, target: string): Promise<void> {
  await checkPlainFile(source);
  await mkdir(target, { recursive: true });
  await extract({
    file: source,
    cwd: target,
    strip: 1,
    strict: true,
    preserveOwner: false,
    onReadEntry: entry => {
      // The umask takes from it what it takes from any file of ours.
      entry.mode = entry.type === 'Directory' ? 0o777 : 0o666;
    },
  }).catch(error => {
    throw damaged(source, error);
  });
}
