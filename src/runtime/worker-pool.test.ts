import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { OutOfMemoryError } from '../errors.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { WorkerPool, type WorkerSpec } from './worker-pool.js';

const script = fileURLToPath(new URL('../testing/pool-worker.mjs', import.meta.url));

const specOf = (i: number): WorkerSpec => ({
  device: `device-${i}`,
  start: { model: 'x' },
  environment: { KN_TEST_DEVICE: `device-${i}` },
});

function poolOf(workers: number): WorkerPool {
  const pool = new WorkerPool(script);
  onTestFinished(() => pool.close());
  pool.add(Array.from({ length: workers }, (_, i) => specOf(i)));
  return pool;
}

interface Identity {
  readonly pid: number;
  readonly device: string;
  readonly start: unknown;
}

const alive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** All workers of a pool, each asked while the others are busy. */
async function identities(pool: WorkerPool): Promise<Identity[]> {
  const all = new Map<number, Identity>();
  while (all.size < pool.size) {
    const waiting = Array.from({ length: pool.size - 1 }, () => pool.call('wait', 100));
    const one = await pool.call<Identity>('whoami', null);
    all.set(one.pid, one);
    await Promise.all(waiting);
  }
  return [...all.values()];
}

describe('a worker pool', () => {
  it('has a process of its own for each environment, and tells each how to start', async () => {
    const workers = await identities(poolOf(2));
    expect(workers.map(({ device }) => device).sort()).toEqual(['device-0', 'device-1']);
    for (const { pid, start } of workers) {
      expect(pid).not.toBe(process.pid);
      expect(start).toEqual({ model: 'x' });
    }
  });

  it('answers more calls than it has workers', async () => {
    const pool = poolOf(2);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => pool.call<number>('double', i)));
    expect(answers).toEqual(Array.from({ length: 20 }, (_, i) => 2 * i));
  });

  it('takes in more workers while the first one is at work', async () => {
    const pool = poolOf(1);
    const first = pool.call('wait', 300);
    pool.add([specOf(1)]);
    expect(pool.size).toBe(2);
    const { device } = await pool.call<Identity>('whoami', null);
    expect(device).toBe('device-1');
    await first;
  });

  it('starts a worker, and gives it work once it is ready', async () => {
    const pool = poolOf(0);
    expect(await pool.start(specOf(3))).toBe('ready on device-3');
    expect(pool.size).toBe(1);
    expect(await pool.use(async worker => [worker.device, await worker.call('double', 4)])).toEqual([
      'device-3',
      8,
    ]);
  });

  it('lets workers get ready before they take work, and ends those that are not let in', async () => {
    const pool = poolOf(0);
    const starts = join(temporaryFolder(), 'starts');
    const ready = (device: number) => ({
      ...specOf(device),
      environment: { KN_TEST_DEVICE: `device-${device}`, KN_TEST_STARTS: starts, KN_TEST_DEATHS: '0' },
    });
    const started = (count: number) =>
      vi.waitFor(() => expect(readFileSync(starts, 'utf8').trim().split('\n')).toHaveLength(count), 5000);
    const [wanted, unwanted] = [pool.prepare([ready(1)]), pool.prepare([ready(2), ready(2)])];
    await started(3);
    expect(pool.size).toBe(0);
    wanted.admit();
    await unwanted.close();
    expect(pool.size).toBe(1);
    expect((await pool.call<Identity>('whoami', null)).device).toBe('device-1');
    await started(3);
  });

  it('starts no process once it is closed', async () => {
    const pool = poolOf(0);
    await pool.close();
    const starts = join(temporaryFolder(), 'starts');
    const spec = { ...specOf(0), environment: { KN_TEST_STARTS: starts, KN_TEST_DEATHS: '0' } };
    await expect(pool.start(spec)).rejects.toThrow('the worker pool is closed');
    expect(() => pool.prepare([spec])).toThrow('the worker pool is closed');
    expect(() => pool.add([spec])).toThrow('the worker pool is closed');
    expect(existsSync(starts)).toBe(false);
  });

  it('ends workers that are still at their start, and tells all who ask', { timeout: 20_000 }, async () => {
    const pool = poolOf(0);
    // Far longer than the test may take.
    const loading = (device: number) => ({
      ...specOf(device),
      environment: { KN_TEST_DEVICE: `device-${device}`, KN_TEST_LOADING: '600000' },
    });
    const others = pool.prepare([loading(1)]);
    const first = expect(pool.start(loading(0))).rejects.toThrow();
    await setTimeout(500);
    await Promise.all([pool.close(), others.close(), pool.close(), first]);
  });

  it('is emptied once all have started, and takes others then', async () => {
    const pool = poolOf(0);
    const starting = pool.start({
      ...specOf(0),
      environment: { KN_TEST_DEVICE: 'device-0', KN_TEST_LOADING: '300' },
    });
    pool.add([specOf(1)]);
    await pool.empty(starting);
    expect(pool.size).toBe(0);
    pool.add([specOf(2)]);
    expect((await identities(pool)).map(({ device }) => device)).toEqual(['device-2']);
  });

  it('tells by its first call what is wrong with a worker that was let in', async () => {
    const pool = poolOf(0);
    const spec = { ...specOf(0), environment: { KN_TEST_DEATHS: '0', KN_TEST_FAIL: 'no such GPU' } };
    pool.prepare([spec]).admit();
    await expect(pool.call('ready', null)).rejects.toMatchObject({ message: 'no such GPU' });
  });

  it('keeps no worker that does not come to be ready', async () => {
    const pool = poolOf(0);
    const spec = { ...specOf(0), environment: { KN_TEST_FAIL: 'no such GPU' } };
    await expect(pool.start(spec)).rejects.toMatchObject({ name: 'EngineFault', message: 'no such GPU' });
    expect(pool.size).toBe(0);
  });

  it('starts a worker again whose memory was full', async () => {
    const pool = poolOf(1);
    const before = await pool.call<Identity>('whoami', null);
    await expect(pool.call('fill', null)).rejects.toThrow(OutOfMemoryError);
    const after = await pool.call<Identity>('whoami', null);
    expect(after.pid).not.toBe(before.pid);
    expect(after.device).toBe(before.device);
    expect(alive(before.pid)).toBe(false);
  });

  it('keeps fewer workers where it is told to: one that dies is not replaced, and the others go on', async () => {
    const pool = new WorkerPool(script);
    onTestFinished(() => pool.close());
    pool.add([specOf(0), specOf(0), specOf(0), specOf(1)]);
    const death = pool.use(async worker => {
      const { pid } = await worker.call<Identity>('whoami', null);
      try {
        await worker.call('die', 'SIGKILL');
      } catch {
        if (worker.device === 'device-0') pool.keep('device-0', 2);
      }
      return pid;
    });
    await death;
    expect(pool.size).toBe(3);
    expect(pool.hasTooMany('device-0')).toBe(false);
    const left = await identities(pool);
    expect(left.map(({ device }) => device).sort()).toEqual(['device-0', 'device-0', 'device-1']);
  });

  it('ends those that are too many once they have done what they are at, and idle ones at once', async () => {
    const pool = new WorkerPool(script);
    onTestFinished(() => pool.close());
    pool.add(Array.from({ length: 3 }, () => specOf(0)));
    const all = await identities(pool);
    const busy = [pool.call<number>('wait', 400), pool.call<number>('wait', 400)];
    const waiting = Array.from({ length: 4 }, () => pool.call<number>('wait', 50));
    pool.keep('device-0', 1);
    const pids = await Promise.all([...busy, ...waiting]);
    expect(new Set(pids).size).toBeLessThanOrEqual(3);
    while (all.filter(({ pid }) => alive(pid)).length > 1) await setTimeout(10);
    expect(pool.size).toBe(1);
    expect(await pool.call<number>('double', 2)).toBe(4);
  });

  it('hands on an error for the user as it is', async () => {
    await expect(poolOf(1).call('fail', 'no such answer')).rejects.toMatchObject({
      name: 'UserError',
      message: 'no such answer',
      remedy: 'mend it',
    });
  });

  it('replaces a worker that is killed at work, in the same environment, and says how it died', async () => {
    const pool = poolOf(1);
    const before = await pool.call<Identity>('whoami', null);
    await expect(pool.call('die', 'SIGKILL')).rejects.toThrow('the worker died (SIGKILL)');
    const after = await pool.call<Identity>('whoami', null);
    expect(after.pid).not.toBe(before.pid);
    expect(after.device).toBe(before.device);
  });

  it('replaces a worker that died with nothing to do, without failing a call', async () => {
    const pool = poolOf(1);
    const before = await pool.call<Identity>('whoami', null);
    process.kill(before.pid, 'SIGKILL');
    while (alive(before.pid)) await setTimeout(10);
    await setTimeout(50);
    expect((await pool.call<Identity>('whoami', null)).pid).not.toBe(before.pid);
  });

  it('goes on with the other workers while one is replaced', async () => {
    const pool = poolOf(2);
    const [death, ...answers] = await Promise.allSettled([
      pool.call('die', 'SIGKILL'),
      ...Array.from({ length: 10 }, (_, i) => pool.call<number>('double', i)),
    ]);
    expect(death.status).toBe('rejected');
    expect(answers.map(answer => answer.status === 'fulfilled' && answer.value)).toEqual([
      0, 2, 4, 6, 8, 10, 12, 14, 16, 18,
    ]);
  });

  it('ends its processes when it is closed, busy ones too', async () => {
    const pool = poolOf(2);
    const workers = await identities(pool);
    const busy = pool.call('wait', 60_000).catch(() => 'rejected');
    await setTimeout(50);
    await pool.close();
    expect(await busy).toBe('rejected');
    for (const { pid } of workers) expect(alive(pid)).toBe(false);
  });
});

describe('a worker whose parent is killed', () => {
  it('ends soon, even in the middle of a long computation', async () => {
    const watch = new URL('../../dist/runtime/orphan-watch.js', import.meta.url).href;
    const child = `
      import { endWithParent } from ${JSON.stringify(watch)};
      endWithParent();
      setTimeout(() => { console.log(process.pid); for (;;); }, 300);`;
    const parent = `
      const { spawn } = require('node:child_process');
      spawn(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(child)}], { stdio: 'inherit' });
      setInterval(() => {}, 1000);`;
    const parentProcess = spawn(process.execPath, ['-e', parent], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(parentProcess.stdout, 'data');
    const pid = Number(String(line));
    expect(alive(pid)).toBe(true);
    try {
      parentProcess.kill('SIGKILL');
      for (let tenths = 0; alive(pid) && tenths < 50; tenths++) await setTimeout(100);
      expect(alive(pid)).toBe(false);
    } finally {
      if (alive(pid)) process.kill(pid, 'SIGKILL');
    }
  });

  it('ends even where that was before it could look', async () => {
    const watch = new URL('../../dist/runtime/orphan-watch.js', import.meta.url).href;
    const child = `
      import { endWithParent } from ${JSON.stringify(watch)};
      endWithParent();
      setTimeout(() => process.exit(), 20_000);`;
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    const orphan = spawn(process.execPath, ['--input-type=module', '-e', child], {
      env: { ...process.env, KN_PARENT: String(gone) },
    });
    expect((await once(orphan, 'exit'))[1]).toBe('SIGKILL');
  });
});
