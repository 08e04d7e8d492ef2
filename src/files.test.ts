import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isFile, isFolder, makeFolder, readJsonFile } from './files.js';
import { temporaryFolder } from './testing/temporary-folder.js';

describe('a folder that is to be there', () => {
  it('is made with those around it, and left alone where it is there', async () => {
    const folder = join(temporaryFolder(), 'a', 'b', 'c');
    await makeFolder(folder);
    writeFileSync(join(folder, 'mine'), 'kept');
    await makeFolder(folder);
    await makeFolder(join(folder, '..'));
    expect(existsSync(join(folder, 'mine'))).toBe(true);
  });

  it('is made once by many at a time', async () => {
    const folder = join(temporaryFolder(), 'a', 'b');
    await Promise.all(Array.from({ length: 20 }, () => makeFolder(folder)));
    expect(await isFolder(folder)).toBe(true);
  });

  it('may be a link to one', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'real'));
    symlinkSync('real', join(folder, 'link'));
    await makeFolder(join(folder, 'link'));
    await makeFolder(join(folder, 'link', 'new'));
    expect(await isFolder(join(folder, 'real', 'new'))).toBe(true);
  });

  it('cannot be where a file, or a link to nothing, is in the way', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    symlinkSync('nothing', join(folder, 'link'));
    await expect(makeFolder(join(folder, 'file'))).rejects.toThrow('EEXIST');
    await expect(makeFolder(join(folder, 'file', 'new'))).rejects.toThrow('ENOTDIR');
    await expect(makeFolder(join(folder, 'link', 'new'))).rejects.toThrow('EEXIST');
    expect(await isFile(join(folder, 'file'))).toBe(true);
    expect(await isFile(folder)).toBe(false);
  });

  it.runIf(process.platform === 'linux')(
    'cannot be where the system takes no new names, said at once',
    async () => {
      await expect(makeFolder('/proc/kn')).rejects.toThrow('ENOENT');
      await expect(makeFolder('/proc/kn/results')).rejects.toThrow('ENOENT');
    },
  );
});

describe('a file that should be JSON', () => {
  it('may begin with a byte order mark', async () => {
    const path = join(temporaryFolder(), 'x.json');
    writeFileSync(path, '\ufeff{"a": "\ufeff"}\r\n');
    expect(await readJsonFile(path)).toEqual({ a: '\ufeff' });
  });

  it.each([
    ['there is none', undefined, 'cannot be read (no such file or directory)'],
    ['it was cut off', '{"a": [1', 'not JSON ('],
    ['it has a key twice', '{"u": {"a": 1}, "u": {"a": 2}}', '"u" stands twice in one object'],
  ])('says what to do where %s', async (_, content, message) => {
    const path = join(temporaryFolder(), 'x.json');
    if (content !== undefined) writeFileSync(path, content);
    await expect(readJsonFile(path, 'Write it anew.')).rejects.toMatchObject({
      message: expect.stringContaining(`${path}: ${message}`),
      remedy: 'Write it anew.',
    });
  });
});
