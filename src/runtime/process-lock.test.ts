import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { takeLock } from './process-lock.js';

const lockPath = () => join(temporaryFolder(), 'lock');

/** A process of its own that holds the lock until it is killed. */
async function holderOf(path: string): Promise<ChildProcess> {
  const script = `
    import { takeLock } from ${JSON.stringify(new URL('../../dist/runtime/process-lock.js', import.meta.url).href)};
    const taken = await takeLock(${JSON.stringify(path)});
    console.log('lock' in taken ? 'held' : 'refused');
    setInterval(() => {}, 1000);`;
  const child = spawn('node', ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = await once(child.stdout, 'data');
  expect(String(line).trim()).toBe('held');
  return child;
}

async function take(path: string) {
  const taken = await takeLock(path);
  if (!('lock' in taken)) throw new Error(`held by ${taken.holder.pid}`);
  return taken.lock;
}

describe('a lock', () => {
  it('is there while it is held, and leaves nothing behind', async () => {
    const path = lockPath();
    const lock = await take(path);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid, host: hostname() });
    await lock.release();
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  it('is refused while another process that lives has it, and names that', async () => {
    const path = lockPath();
    const child = await holderOf(path);
    expect(await takeLock(path)).toMatchObject({ holder: { pid: child.pid, host: hostname() } });
  });

  it('is taken over at once from a process that was killed', async () => {
    const path = lockPath();
    const child = await holderOf(path);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await (await take(path)).release();
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  it('is taken over where its number has gone to another process since', async () => {
    const path = lockPath();
    writeFileSync(path, JSON.stringify({ pid: process.pid, host: hostname(), started: '1', since: '' }));
    await (await take(path)).release();
  });

  it('is refused where it is of another host, which cannot be asked', async () => {
    const path = lockPath();
    writeFileSync(path, JSON.stringify({ pid: 1, host: 'elsewhere', started: '1', since: 'then' }));
    expect(await takeLock(path)).toMatchObject({ holder: { host: 'elsewhere', since: 'then' } });
  });

  it('is taken over where its file is damaged', async () => {
    const path = lockPath();
    writeFileSync(path, '{');
    await (await take(path)).release();
  });

  it('goes to one alone of many that want it at once', async () => {
    const path = lockPath();
    writeFileSync(path, JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), started: '1', since: '' }));
    const children = await Promise.all(
      Array.from({ length: 4 }, () => {
        const script = `
          import { takeLock } from ${JSON.stringify(new URL('../../dist/runtime/process-lock.js', import.meta.url).href)};
          console.log('lock' in (await takeLock(${JSON.stringify(path)})) ? 'held' : 'refused');
          setInterval(() => {}, 1000);`;
        const child = spawn('node', ['--input-type=module', '-e', script], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        onTestFinished(() => void child.kill('SIGKILL'));
        return once(child.stdout, 'data').then(([line]) => String(line).trim());
      }),
    );
    expect(children.sort()).toEqual(['held', 'refused', 'refused', 'refused']);
  });

  it('goes to one alone, time and again, also where one was killed while it took over', async () => {
    for (let round = 0; round < 100; round++) {
      const path = lockPath();
      const gone = JSON.stringify({
        pid: 2 ** 22 + 1,
        host: hostname(),
        started: '1',
        since: '',
        id: 'first',
      });
      writeFileSync(path, gone);
      if (round % 2) {
        const digest = createHash('sha256').update(gone).digest('hex').slice(0, 32);
        writeFileSync(`${path}.after-${digest}`, gone.replace('first', 'second'));
      }
      const taken = await Promise.all(Array.from({ length: 8 }, () => takeLock(path)));
      const locks = taken.flatMap(one => ('lock' in one ? [one.lock] : []));
      expect(locks).toHaveLength(1);
      await locks[0]?.release();
      expect(readdirSync(dirname(path))).toEqual([]);
    }
  });

  it('is not taken away by a release that comes too late', async () => {
    const path = lockPath();
    const lock = await take(path);
    const other = JSON.stringify({ pid: 1, host: 'elsewhere', started: '1', since: '' });
    writeFileSync(path, other);
    await lock.release();
    expect(existsSync(path)).toBe(true);
  });
});
