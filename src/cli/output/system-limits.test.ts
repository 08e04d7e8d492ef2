import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kn } from '../../testing/run-kn.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { asSystemLimit } from './system-limits.js';

const one = ['--model', 'demo', '--answer', 'paris', '--prompt', 'france is governed from [MASK].'];

describe('a limit of the system', () => {
  it.each([
    ['EMFILE', /may not open so many files at once \(why\)/],
    ['ENOMEM', /gets no more memory/],
    ['ERR_WORKER_INIT_FAILED', /gets no more memory/],
    ['EAGAIN', /starts no more processes/],
    ['ENOSPC', /the disk is full/],
  ])('is told from a bug, also as the cause of an error: %s', (code, message) => {
    const error = Object.assign(new Error('why'), { code });
    expect(asSystemLimit(error)?.message).toMatch(message);
    expect(asSystemLimit(new Error('outside', { cause: error }))?.message).toMatch(message);
  });

  it('of open files is told where Node says that a package is not there, and it is', () => {
    const notFound = (path: string) =>
      Object.assign(new Error(`Cannot find package '${path}' imported from /dist/main.js`), {
        code: 'ERR_MODULE_NOT_FOUND',
      });
    const folder = temporaryFolder();
    expect(asSystemLimit(notFound(join(folder, 'index.js')))).toBeUndefined();
    writeFileSync(join(folder, 'package.json'), '{}');
    expect(asSystemLimit(notFound(join(folder, 'index.js')))?.message).toMatch(/may not open so many files/);
    expect(asSystemLimit(notFound('commander'))).toBeUndefined();
  });

  it('of open files that a thread met is told from one of memory', () => {
    const error = Object.assign(new Error('Worker initialization failure: EMFILE'), {
      code: 'ERR_WORKER_INIT_FAILED',
    });
    expect(asSystemLimit(error)?.message).toMatch(/may not open so many files/);
  });

  it('is behind no other error', () => {
    expect(asSystemLimit(new TypeError('x is not a function'))).toBeUndefined();
    expect(asSystemLimit(Object.assign(new Error('why'), { code: 'ENOENT' }))).toBeUndefined();
    expect(asSystemLimit('why')).toBeUndefined();
  });

  it.each([
    ['find', ...one],
    ['evaluate', 'pararel', '--model', 'demo'],
    ['stats', '.'],
  ])('of open files is named with what raises it: kn %s', async (...args) => {
    const { code, stderr } = await kn(args, { shell: 'ulimit -n 64;' });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^kn: this process may not open so many files .*\nRaise the limit: ulimit -n 1024/m,
    );
    expect(stderr).not.toMatch(/bug|^ {4}at /m);
  });
});
