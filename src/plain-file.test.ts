import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, openSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { UserError } from './errors.js';
import {
  bytesOfFile,
  LONGEST_TEXT,
  linesOfFile,
  openPlainFile,
  readPlainFile,
  readPlainText,
  readStream,
} from './plain-file.js';
import { temporaryFolder } from './testing/temporary-folder.js';

async function gathered<T>(parts: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const part of parts) all.push(part);
  return all;
}

/** Every way to read a file. */
const READERS: readonly (readonly [string, (path: string) => Promise<unknown>])[] = [
  ['opened', path => openPlainFile(path)],
  ['read', path => readPlainFile(path, 100)],
  ['read as a text', path => readPlainText(path, 100)],
  ['read in pieces', path => gathered(bytesOfFile(path))],
  ['read in lines', path => gathered(linesOfFile(path))],
];

describe.each(READERS)('what is %s', (_, read) => {
  async function expectRefused(path: string, message: string): Promise<void> {
    const reading = read(path);
    await expect(reading).rejects.toThrow(UserError);
    await expect(reading).rejects.toThrow(`${path}: ${message}`);
  }

  it('is no pipe, whether somebody writes to it or not', { timeout: 5000 }, async () => {
    const path = join(temporaryFolder(), 'pipe');
    execFileSync('mkfifo', [path]);
    await expectRefused(path, 'it is a pipe, where a file is needed');
    openSync(path, 'r+');
    await expectRefused(path, 'it is a pipe, where a file is needed');
  });

  it('is no device, no socket and no folder', { timeout: 5000 }, async () => {
    const folder = temporaryFolder();
    await expectRefused('/dev/zero', 'it is a device');
    await expectRefused('/dev/null', 'it is a device');
    await expectRefused(folder, 'it is a folder');
    const server = createServer().listen(join(folder, 'socket'));
    onTestFinished(() => void server.close());
    await new Promise(resolve => server.once('listening', resolve));
    await expectRefused(join(folder, 'socket'), 'it is a socket');
  });

  it('is there, and may be read', async () => {
    await expectRefused(join(temporaryFolder(), 'nowhere'), 'cannot be read (no such file or directory)');
  });

  it.skipIf(process.getuid?.() === 0)('may be read (skipped for root, who may read all)', async () => {
    const path = join(temporaryFolder(), 'secret');
    writeFileSync(path, 'mine');
    chmodSync(path, 0);
    await expectRefused(path, 'cannot be read (permission denied)');
  });
});

describe('a whole file', () => {
  it('is what it holds, be it nothing', async () => {
    const path = join(temporaryFolder(), 'file');
    for (const content of ['', 'a', 'ä\n'.repeat(5000)]) {
      writeFileSync(path, content);
      expect(await readPlainText(path, 20_000)).toBe(content);
      expect(Buffer.concat(await gathered(bytesOfFile(path))).toString()).toBe(content);
    }
    // The system says that it is empty.
    expect(await readPlainText(`/proc/${process.pid}/stat`, 2 ** 16)).toContain(String(process.pid));
  });

  it('has no more bytes than it may, whether it says so or grows', async () => {
    const path = join(temporaryFolder(), 'file');
    writeFileSync(path, 'x'.repeat(100));
    expect(await readPlainText(path, 100)).toHaveLength(100);
    appendFileSync(path, 'x');
    await expect(readPlainText(path, 100)).rejects.toThrow('file: larger than 1 MB, the most that');
    await expect(readPlainText(`/proc/${process.pid}/stat`, 10)).rejects.toThrow('larger than');
    // Sparse: longer than Node's longest string, and than the memory.
    truncateSync(path, 2 ** 42);
    await expect(readPlainText(path, LONGEST_TEXT)).rejects.toThrow('larger than 512 MB');
  });

  it('is in UTF-8 where it is a text', async () => {
    const path = join(temporaryFolder(), 'file');
    writeFileSync(path, Buffer.from('K\u00f6ln\n', 'latin1'));
    await expect(readPlainText(path, 100)).rejects.toThrow(`${path}: not a text in UTF-8`);
    await expect(gathered(linesOfFile(path))).rejects.toThrow(`${path}:1: not a text in UTF-8`);
  });
});

describe('the lines of a file', () => {
  it('are what stands between line feeds, wherever the pieces end that are read', async () => {
    const path = join(temporaryFolder(), 'file');
    const lines = Array.from({ length: 20_001 }, (_, i) => 'ä€'.repeat(i % 7));
    writeFileSync(path, lines.join('\r\n'));
    expect(await gathered(linesOfFile(path))).toEqual(lines);
    writeFileSync(path, 'a\n\nb\u2028c\n');
    expect(await gathered(linesOfFile(path))).toEqual(['a', '', 'b\u2028c']);
  });

  it('end somewhere: a file that is one long line is refused before it fills the memory', async () => {
    const path = join(temporaryFolder(), 'file');
    writeFileSync(path, 'first\n');
    truncateSync(path, 2 ** 42);
    await expect(gathered(linesOfFile(path))).rejects.toThrow(`${path}:2: a line of more than 1048576 bytes`);
  });
});

describe('standard input', () => {
  it('is read to its end, if it has one', async () => {
    expect(await readStream(Readable.from([Buffer.from('a'), Buffer.from('b')]), 'standard input', 10)).toBe(
      'ab',
    );
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(1000);
      })(),
    );
    await expect(readStream(endless, 'standard input', 1e6)).rejects.toThrow(
      'standard input: larger than 1 MB',
    );
  });
});
