import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  ELSEWHERE,
  elsewhere,
  gone,
  holderOf,
  lockPath,
  TIMES,
  take,
  takingScript,
} from '../../testing/lock-holders.js';
import { inOwnNamespace, noNamespaces } from '../../testing/namespaces.js';
import { childrenOf } from '../../testing/run-kn.js';
import { lockHolder, takeLock } from './process-lock.js';

describe('a holder that cannot be asked', () => {
  it.each([
    ['of another host', elsewhere],
    ['of this host, before it was started again', JSON.stringify({ ...ELSEWHERE, host: hostname() })],
    ['of a damaged lock', '{'],
    ['an hour ahead by its clock', elsewhere, 3600],
  ])('loses it after a silence that is waited for: %s', async (_, text, ahead = 0) => {
    const path = lockPath();
    writeFileSync(path, text);
    const touched = Date.now() / 1000 + ahead;
    utimesSync(path, touched, touched);
    const told: unknown[] = [];
    expect(await lockHolder(path)).toBeUndefined();
    await (await take(path, { onWatch: (holder, seconds) => told.push([holder?.pid, seconds]) })).release();
    expect(told).toEqual([[text === '{' ? undefined : 1, Math.ceil(TIMES.silence / 1000)]]);
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  it.each([
    ['has been silent for an hour', -3600],
    ['is an hour ahead', 3600],
  ])('keeps it where it touches it, also where the lock %s by the clocks', async (_, seconds) => {
    const path = lockPath();
    writeFileSync(path, elsewhere);
    const at = Date.now() / 1000 + seconds;
    utimesSync(path, at, at);
    // Not at once: a holder that lives may have to wake first.
    const onWatch = () => void setTimeout(60).then(() => utimesSync(path, at + 1, at + 1));
    const taking = takeLock(path, { times: TIMES, onWatch });
    expect(await taking).toMatchObject({ holder: { host: 'elsewhere', since: 'then' } });
    expect(readdirSync(dirname(path))).toEqual(['lock']);
  });

  it('keeps it too where one that was about to succeed it was killed', async () => {
    const path = lockPath();
    writeFileSync(path, elsewhere);
    const digest = createHash('sha256').update(elsewhere).digest('hex').slice(0, 32);
    writeFileSync(`${path}.after-${digest}`, await gone());
    const touch = () => utimesSync(path, 0, 0);
    expect(await takeLock(path, { times: TIMES, onWatch: touch })).toHaveProperty('holder');
  });

  it('is watched no longer than whoever watches wants', async () => {
    const path = lockPath();
    writeFileSync(path, elsewhere);
    const controller = new AbortController();
    const taking = takeLock(path, { signal: controller.signal, onWatch: () => controller.abort() });
    await expect(taking).rejects.toMatchObject({ name: 'AbortError' });
    expect(readdirSync(dirname(path))).toEqual(['lock']);
    const free = takeLock(lockPath(), { signal: controller.signal });
    await expect(free).rejects.toMatchObject({ name: 'AbortError' });
  });

  it.skipIf(noNamespaces)(
    `keeps it while it lives, though another of its number is gone here, and loses it when it is killed${noNamespaces}`,
    async () => {
      const path = lockPath();
      const { child } = await holderOf(path, inOwnNamespace);
      expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: 1, host: hostname() });
      for (let round = 0; round < 3; round++)
        expect(await takeLock(path, { times: TIMES })).toMatchObject({ holder: { pid: 1 } });
      const before = readFileSync(path, 'utf8');
      child.kill('SIGKILL');
      await (await take(path)).release();
      expect(JSON.parse(before)).toMatchObject({ pid: 1 });
    },
  );

  it.skipIf(noNamespaces)(
    `keeps it where /proc shows the processes of another namespace${noNamespaces}`,
    async () => {
      const path = lockPath();
      const second = `
        const { spawn } = await import('node:child_process');
        const words = ['--input-type=module', '-e', ${JSON.stringify(takingScript(path))}];
        spawn(process.execPath, words, { stdio: 'inherit' });`;
      const before = inOwnNamespace.filter(word => word !== '--mount-proc');
      const first = await holderOf(path, before, second);
      expect(await first.line()).toBe('refused');
    },
  );

  it.skipIf(noNamespaces)(
    `keeps it while a computation holds its event loop up for three times that silence${noNamespaces}`,
    async () => {
      const path = lockPath();
      const busy = `const end = Date.now() + ${3 * TIMES.silence}; while (Date.now() < end); console.log('done');`;
      const holder = await holderOf(path, inOwnNamespace, busy);
      const done = holder.line();
      let refusals = 0;
      for (let isDone = false; !isDone; refusals++) {
        expect(await takeLock(path, { times: TIMES })).toMatchObject({ holder: { pid: 1 } });
        isDone = await Promise.race([done.then(() => true), setTimeout(100, false)]);
      }
      expect(refusals).toBeGreaterThan(3);
    },
  );

  const permission = process.allowedNodeEnvironmentFlags.has('--permission')
    ? '--permission'
    : '--experimental-permission';
  const inThreads = 'import { isMainThread } from "node:worker_threads"; if (!isMainThread) throw "none";';
  const failing = `NODE_OPTIONS=--import=data:text/javascript,${encodeURIComponent(inThreads)}`;
  it.skipIf(noNamespaces).each([
    [`may have no thread${noNamespaces}`, [], [permission, '--allow-fs-read=*', '--allow-fs-write=*']],
    [`has a thread that ends${noNamespaces}`, ['env', failing], []],
  ])('keeps it where it %s', async (_, before, options) => {
    const path = lockPath();
    await holderOf(path, [...inOwnNamespace, ...before], '', options);
    const { mtimeMs } = statSync(path);
    expect(await takeLock(path, { times: TIMES })).toMatchObject({ holder: { pid: 1 } });
    expect(statSync(path).mtimeMs).toBeGreaterThan(mtimeMs);
  });

  it.skipIf(noNamespaces)(
    `loses it where it was stopped for so long, and knows that when it goes on${noNamespaces}`,
    async () => {
      const path = lockPath();
      const watch = `
        const { lock } = taken;
        while (!lock.lost()) await new Promise(resolve => setTimeout(resolve, 10));
        console.log(JSON.stringify(lock.lost()));
        await lock.release();
        process.exit();`;
      const holder = await holderOf(path, inOwnNamespace, watch);
      const [inner] = childrenOf(holder.child);
      process.kill(inner, 'SIGSTOP');
      const lock = await take(path);
      process.kill(inner, 'SIGCONT');
      const lost = JSON.parse(await holder.line());
      expect(lost.holder).toMatchObject({ pid: process.pid });
      expect(lost.seconds).toBeGreaterThanOrEqual(1);
      await holder.ended;
      expect(lock.lost()).toBeUndefined();
      expect(existsSync(path)).toBe(true);
    },
  );
});
