import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { wheelContent } from '../testing/made-up-wheel.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { readZipText, unpackZip } from './zip.js';

const FILES = { stored: 'as it is', deflated: Buffer.alloc(3_000_000, 'again and again ') };
const WHEEL = wheelContent({ project: 'any', version: '1', tags: 'py3-none-any', files: FILES });

function archiveOf(content: Buffer): string {
  const file = join(temporaryFolder(), 'any.whl');
  writeFileSync(file, content);
  return file;
}

/** The wheel with one byte changed: `offset` bytes after the first, or last, place that has `text`. */
function changed(text: string | Buffer, offset: number, { last = false } = {}): string {
  const content = Buffer.from(WHEEL);
  const place = (last ? content.lastIndexOf(text) : content.indexOf(text)) + offset;
  content[place] ^= 1;
  return archiveOf(content);
}

describe('an archive of the zip format', () => {
  it('is unpacked, what is stored in it and what is deflated, larger than one piece', async () => {
    const target = temporaryFolder();
    await unpackZip(archiveOf(WHEEL), target, name => (name in FILES ? name : undefined));
    expect(readFileSync(join(target, 'stored'), 'utf8')).toBe(FILES.stored);
    expect(readFileSync(join(target, 'deflated')).equals(FILES.deflated)).toBe(true);
    expect(await readZipText(archiveOf(WHEEL), /WHEEL$/)).toContain('Root-Is-Purelib: false');
  });

  it.runIf(process.platform === 'linux')('that is damaged leaves no file of its target open', async () => {
    const target = temporaryFolder();
    // The local header's mark, which stands 30 bytes before the name.
    const unpacked = unpackZip(changed('stored', -30), target, name => (name in FILES ? name : undefined));
    await expect(unpacked).rejects.toThrow('it is damaged');
    const open = readdirSync('/proc/self/fd').flatMap(fd => {
      const path = `/proc/self/fd/${fd}`;
      return existsSync(path) ? readlinkSync(path) : [];
    });
    expect(open.filter(path => path.startsWith(target))).toEqual([]);
  });

  it.each([
    ['a byte of a stored file is another', () => changed('as it is', 3)],
    ['a byte of a deflated file is another', () => changed('deflated', 'deflated'.length + 200)],
    // In the directory, the size begins 22 bytes before the name: 3,000,000 becomes 2,934,464, or 3,000,001.
    ['a file is larger than is listed', () => changed('deflated', -20, { last: true })],
    ['a file is smaller than is listed', () => changed('deflated', -22, { last: true })],
  ])('is refused where %s', async (_, damage) => {
    const archive = damage();
    const unpacked = unpackZip(archive, temporaryFolder(), name => (name in FILES ? name : undefined));
    await expect(unpacked).rejects.toThrow(`${archive}: it is damaged (`);
  });
});
