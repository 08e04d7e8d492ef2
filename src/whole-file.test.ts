import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { canMount, smallDisk } from './testing/small-disk.js';
import { temporaryFolder } from './testing/temporary-folder.js';
import { otherThanFile, sweepParts, writeWholeFile } from './whole-file.js';

describe('a file that a user keeps', () => {
  it('is written whole, over what was there, with its mode, and nothing is left beside it', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'n'.repeat(255));
    writeFileSync(path, 'old and longer');
    chmodSync(path, 0o640);
    await writeWholeFile(path, 'neu: ü');
    expect(readFileSync(path, 'utf8')).toBe('neu: ü');
    expect(statSync(path).mode & 0o777).toBe(0o640);
    await writeWholeFile(path, Uint8Array.of(0, 255));
    expect([...readFileSync(path)]).toEqual([0, 255]);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it.each([
    ['a folder', (path: string) => mkdirSync(path)],
    ['a pipe or a device', (path: string) => spawnSync('mkfifo', [path])],
    // As /dev/stdout is, where it goes into a file.
    ['a link', (path: string, outside: string) => symlinkSync(outside, path)],
    ['a link', (path: string) => symlinkSync('/nowhere', path)],
  ])('is refused where %s lies in its place, which stays, and what is behind it', async (kind, make) => {
    const [folder, outside] = [temporaryFolder(), join(temporaryFolder(), 'precious')];
    writeFileSync(outside, 'precious');
    const path = join(folder, 'figure3.svg');
    make(path, outside);
    await expect(writeWholeFile(path, 'content')).rejects.toThrow(`it is ${kind}`);
    expect(readdirSync(folder)).toEqual(['figure3.svg']);
    expect(await otherThanFile(path)).toBe(kind);
    expect(readFileSync(outside, 'utf8')).toBe('precious');
  });

  it('is swept away half written where its process was killed, and no other file with it', async () => {
    const folder = temporaryFolder();
    for (const name of ['.kn-123-0123abcd', '.kn-notes', 'run.json']) writeFileSync(join(folder, name), '');
    await sweepParts(folder);
    expect(readdirSync(folder).sort()).toEqual(['.kn-notes', 'run.json']);
  });

  const why = canMount ? '' : ' (skipped: this user may not mount a small file system)';
  it.skipIf(!canMount)(`is what it was where the disk is too small by one byte${why}`, () => {
    const [disk, rescue] = [temporaryFolder(), join(temporaryFolder(), 'out')];
    const module = new URL('../dist/whole-file.js', import.meta.url).href;
    // A disk of four pages, of which the old file has one: two and a half are room for a part, and not for one byte more.
    const script = `
      import { mkdirSync, writeFileSync } from 'node:fs';
      import { writeWholeFile } from ${JSON.stringify(module)};
      const out = ${JSON.stringify(join(disk, 'out'))};
      mkdirSync(out);
      for (const name of ['fits', 'does-not']) writeFileSync(out + '/' + name, 'old');
      await writeWholeFile(out + '/fits', 'x'.repeat(2 * 4096));
      await writeWholeFile(out + '/does-not', 'x'.repeat(4096 + 1)).catch(error => console.log(error.code));`;
    const command = [
      `${smallDisk(disk, '16k', rescue)}`,
      process.execPath,
      '--input-type=module',
      '-e',
      script,
    ];
    const { stdout, stderr } = spawnSync('bash', ['-c', ...command], { encoding: 'utf8' });
    expect([stdout, stderr]).toEqual(['ENOSPC\n', '']);
    expect(readdirSync(rescue).sort()).toEqual(['does-not', 'fits']);
    expect(readFileSync(join(rescue, 'does-not'), 'utf8')).toBe('old');
    expect(statSync(join(rescue, 'fits')).size).toBe(2 * 4096);
  });
});
