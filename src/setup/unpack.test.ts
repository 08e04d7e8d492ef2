import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { create } from 'tar';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { placeOf, unpackPackage, unpackTensorflow } from './unpack.js';

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
