import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { create } from 'tar';
import { describe, expect, it } from 'vitest';
import { writeWheel } from '../testing/made-up-wheel.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { placeOf, unpackPackage, unpackTensorflow } from './unpack.js';
import { unpackCuda } from './unpack-cuda.js';

/** A folder with these files. */
function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

async function tarballOf(folder: string): Promise<string> {
  const file = join(temporaryFolder(), 'libtensorflow.tar.gz');
  await create({ file, cwd: folder, gzip: true }, readdirSync(folder));
  return file;
}

const LIBTENSORFLOW = {
  'include/tensorflow/c/c_api.h': 'header',
  'lib/libtensorflow.so.2.9.1': 'library',
  'lib/libtensorflow_framework.so.2.9.1': 'framework',
  LICENSE: 'licence',
};

/** All files below a folder, by name. */
const contentOf = (folder: string) =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .map(path => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]),
  );

/** The modes of a folder, and of all below it. */
function modesOf(folder: string): Record<string, string> {
  const names = ['.', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })];
  return Object.fromEntries(
    names.map(name => [name, (statSync(join(folder, name)).mode & 0o7777).toString(8)]),
  );
}

/** The folder, of which its packer alone may read anything, and all may run it as him. */
function closed(folder: string): string {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    chmodSync(join(entry.parentPath, entry.name), entry.isFile() ? 0o4750 : 0o700);
  return folder;
}

const UNPACKED = {
  'include/tensorflow/c/c_api.h': 'header',
  'lib/libtensorflow.so.2': 'library',
  'lib/libtensorflow_framework.so.2': 'framework',
};

describe('libtensorflow', () => {
  it.each([
    ['tensorflow/libtensorflow_cc.so.2', 'lib/libtensorflow_cc.so.2'],
    ['./lib/libtensorflow.so.2.9.1', 'lib/libtensorflow.so.2'],
    ['tensorflow/include/tensorflow/c/eager/c_api.h', 'include/tensorflow/c/eager/c_api.h'],
    ['tensorflow/include/tsl/platform/ctstring_internal.h', 'include/tsl/platform/ctstring_internal.h'],
    ['tensorflow/include/xla/tsl/c/tsl_status.h', 'include/xla/tsl/c/tsl_status.h'],
    ['tensorflow/include/tensorflow/core/framework/op.h', undefined],
    ['tensorflow/python/_pywrap_tensorflow_internal.so', undefined],
    ['lib/libtensorflow.so', undefined],
  ])('of %s goes to %s', (name, place) => {
    expect(placeOf(name)).toBe(place);
  });

  it('comes out of a folder, links and all', async () => {
    const source = folderWith(LIBTENSORFLOW);
    symlinkSync('libtensorflow.so.2.9.1', join(source, 'lib/libtensorflow.so.2'));
    const target = join(temporaryFolder(), 'engine');
    await unpackTensorflow(source, target);
    expect(contentOf(target)).toEqual(UNPACKED);
  });

  it('comes out of a tarball', async () => {
    const target = join(temporaryFolder(), 'engine');
    await unpackTensorflow(await tarballOf(folderWith(LIBTENSORFLOW)), target);
    expect(contentOf(target)).toEqual(UNPACKED);
  });

  it('is refused, and nothing is written, where a tarball leads out of the folder', async () => {
    const parent = temporaryFolder();
    const file = join(temporaryFolder(), 'libtensorflow.tar.gz');
    await create(
      {
        file,
        cwd: folderWith({ 'evil.h': 'code' }),
        prefix: 'include/tensorflow/c/../../../..',
        preservePaths: true,
      },
      ['evil.h'],
    );
    const unpacked = unpackTensorflow(file, join(parent, 'engine'));
    await expect(unpacked).rejects.toThrow(
      `${file}: it is damaged (include/tensorflow/c/../../../../evil.h leads out`,
    );
    expect(readdirSync(parent)).toEqual([]);
  });

  it('is refused where the source is damaged, holds none or is none', async () => {
    const target = join(temporaryFolder(), 'engine');
    const tarball = await tarballOf(folderWith(LIBTENSORFLOW));
    truncateSync(tarball, 100);
    await expect(unpackTensorflow(tarball, target)).rejects.toThrow(`${tarball}: it is damaged`);
    const wheel = join(folderWith({ 'x.whl': 'not a zip file' }), 'x.whl');
    await expect(unpackTensorflow(wheel, target)).rejects.toThrow(`${wheel}: it is damaged`);
    const other = folderWith({ 'lib/libother.so.2': '' });
    await expect(unpackTensorflow(other, target)).rejects.toThrow(`${other}: holds no libtensorflow`);
    await expect(unpackTensorflow(join(other, 'lib/libother.so.2'), target)).rejects.toThrow(
      'neither a wheel',
    );
    await expect(unpackTensorflow('./nowhere.whl', target)).rejects.toThrow('./nowhere.whl: cannot be read');
  });
});

describe.skipIf(process.platform === 'win32')('what is unpacked', () => {
  const parts = ['.', 'include', 'include/tensorflow', 'include/tensorflow/c', 'lib'];

  /** Under a umask; tests of a file run one after another. */
  async function unpackedUnder(umask: number, unpack: (target: string) => Promise<void>) {
    const before = process.umask(umask);
    try {
      const target = join(temporaryFolder(), 'engine');
      await unpack(target);
      return modesOf(target);
    } finally {
      process.umask(before);
    }
  }

  it.each([
    ['a folder', () => closed(folderWith(LIBTENSORFLOW))],
    ['a tarball', () => tarballOf(closed(folderWith(LIBTENSORFLOW)))],
  ])('of %s is for whom the umask lets read it, and nothing runs as its packer', async (_, sourceOf) => {
    const source = await sourceOf();
    const modes = (folder: string, file: string) =>
      Object.fromEntries([
        ...parts.map(name => [name, folder]),
        ...Object.keys(UNPACKED).map(name => [name, file]),
      ]);
    const unpack = (target: string) => unpackTensorflow(source, target);
    expect(await unpackedUnder(0o022, unpack)).toEqual(modes('755', '644'));
    expect(await unpackedUnder(0o077, unpack)).toEqual(modes('700', '600'));
  });

  it('of a wheel is so too; programs can be run, such as ptxas of CUDA', async () => {
    const wheel = writeWheel({
      ...{ project: 'x', version: '1', tags: 'py3-none-any' },
      files: { 'nvidia/bin/ptxas': 'program' },
    });
    const unpack = (target: string) => unpackCuda([wheel], target);
    expect((await unpackedUnder(0o022, unpack))['nvidia/bin/ptxas']).toBe('755');
    expect((await unpackedUnder(0o077, unpack))['nvidia/bin/ptxas']).toBe('700');
  });

  const isRoot = process.getuid?.() === 0;
  it(`of a package is so too, and is this user's${isRoot ? '' : ' (root alone could give it to others)'}`, async () => {
    const folder = closed(folderWith({ 'package/dist/index.js': 'code', 'package/LICENSE.md': 'licence' }));
    if (isRoot) chownSync(join(folder, 'package/dist/index.js'), 1234, 1234);
    const tarball = await tarballOf(folder);
    const modes = await unpackedUnder(0o022, async target => {
      await unpackPackage(tarball, target);
      expect(statSync(join(target, 'dist/index.js')).uid).toBe(process.getuid?.());
    });
    expect(modes).toEqual({ '.': '755', dist: '755', 'dist/index.js': '644', 'LICENSE.md': '644' });
  });
});

describe('a package', () => {
  it('is unpacked without its first folder', async () => {
    const target = join(temporaryFolder(), 'node_modules', 'x');
    await unpackPackage(await tarballOf(folderWith({ 'package/dist/index.js': 'code' })), target);
    expect(contentOf(target)).toEqual({ 'dist/index.js': 'code' });
  });

  it('writes nowhere else', async () => {
    const source = folderWith({ 'package/evil.js': 'code' });
    const file = join(temporaryFolder(), 'x.tgz');
    await create({ file, cwd: source, gzip: true, prefix: 'package/../..', preservePaths: true }, [
      'package/evil.js',
    ]);
    const target = join(temporaryFolder(), 'a', 'b', 'c');
    await unpackPackage(file, target).catch(() => undefined);
    expect(existsSync(join(target, '..', 'evil.js'))).toBe(false);
    expect(existsSync(join(target, '..', '..', 'evil.js'))).toBe(false);
  });
});
