import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { inOwnNamespace, noNamespaces } from '../../testing/namespaces.js';
import { built, runScript } from '../../testing/other-process.js';
import { childrenOf } from '../../testing/run-kn.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { type LockHolder, thisProcess } from './holder.js';
import { lockHolder, type TakeOptions, takeLock, waitForLock } from './process-lock.js';

/** Short enough for a test, long enough for a machine that has other work. */
const TIMES = { touch: 50, silence: 1000 };

const lockPath = () => join(temporaryFolder(), 'lock');

const takingScript = (path: string, then = '') => `
  import { takeLock } from ${built('runtime/locks/process-lock.js')};
  const taken = await takeLock(${JSON.stringify(path)}, { times: ${JSON.stringify(TIMES)} });
  console.log('lock' in taken ? 'held' : 'refused');
  setInterval(() => {}, 1000);
  ${then}`;

/**
 * A process of its own that holds the lock until it is killed.
 * @param before words of a command that starts it
 * @param then what it does when it has the lock
 */
async function holderOf(
  path: string,
  before: readonly string[] = [],
  then = '',
  options: readonly string[] = [],
) {
  const holder = runScript(takingScript(path, then), before, options);
  expect(await holder.line()).toBe('held');
  return holder;
}

/** A process of this machine that is gone. */
const gone = async () => JSON.stringify({ ...(await thisProcess('first')), pid: 2 ** 22 + 1 });

/** One that cannot be asked. */
const ELSEWHERE = {
  pid: 1,
  host: 'elsewhere',
  started: '1',
  since: 'then',
  boot: 'another',
  namespaces: 'pid',
};
const elsewhere = JSON.stringify(ELSEWHERE);

async function take(path: string, options?: TakeOptions) {
  const taken = await takeLock(path, { times: TIMES, ...options });
  if (!('lock' in taken)) throw new Error(`held by ${taken.holder.pid}`);
  return taken.lock;
}

describe('a lock', () => {
  it('is there while it is held, and leaves nothing behind', async () => {
    const path = lockPath();
    const lock = await take(path);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid, host: hostname() });
    expect(lock.lost()).toBeUndefined();
    await lock.release();
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  it('is refused while another process that lives has it, and names that', async () => {
    const path = lockPath();
    const { child } = await holderOf(path);
    expect(await takeLock(path)).toMatchObject({ holder: { pid: child.pid, host: hostname() } });
    expect(await lockHolder(path)).toMatchObject({ pid: child.pid });
  });

  it('is taken over at once from a process that was killed', async () => {
    const path = lockPath();
    const { child, ended } = await holderOf(path);
    child.kill('SIGKILL');
    await ended;
    expect(await lockHolder(path)).toBeUndefined();
    await (await take(path, { onWatch: refuseToWatch })).release();
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  it.runIf(process.platform === 'linux')(
    'is taken over at once from a process that was killed and whose parent never asks: a zombie',
    async () => {
      const path = lockPath();
      // What the shell becomes knows nothing of the child that it has.
      const words = [
        '-c',
        '"$@" & echo $!; exec sleep 60',
        'sh',
        process.execPath,
        '--input-type=module',
        '-e',
      ];
      const parent = spawn('sh', [...words, takingScript(path)], { stdio: ['ignore', 'pipe', 'inherit'] });
      onTestFinished(() => void parent.kill('SIGKILL'));
      let printed = '';
      parent.stdout.on('data', data => {
        printed += data;
      });
      while (!printed.includes('held')) await setTimeout(10);
      const pid = Number.parseInt(printed, 10);
      process.kill(pid, 'SIGKILL');
      while (!/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) await setTimeout(10);
      expect(await lockHolder(path)).toBeUndefined();
      await (await take(path, { onWatch: refuseToWatch })).release();
    },
  );

  it.runIf(process.platform === 'linux')(
    'is kept by a process of this machine that was stopped, however silent it is',
    async () => {
      const path = lockPath();
      const { child } = await holderOf(path);
      child.kill('SIGSTOP');
      utimesSync(path, 0, 0);
      expect(await takeLock(path, { times: TIMES })).toMatchObject({ holder: { pid: child.pid } });
    },
  );

  it('is taken over where its number has gone to another process since', async () => {
    const path = lockPath();
    writeFileSync(path, JSON.stringify({ ...(await thisProcess('x')), started: '1' }));
    await (await take(path, { onWatch: refuseToWatch })).release();
  });

  it.runIf(process.platform === 'linux')(
    'of a version that knew no boot is kept by a process of that number and start',
    async () => {
      const path = lockPath();
      const { boot: _, namespaces: __, ...old } = await thisProcess('x');
      writeFileSync(path, JSON.stringify(old));
      utimesSync(path, 0, 0);
      expect(await takeLock(path, { times: TIMES })).toMatchObject({ holder: { pid: process.pid } });
    },
  );

  it('goes to one alone of many that want it at once', async () => {
    const path = lockPath();
    writeFileSync(path, await gone());
    const children = Array.from({ length: 4 }, () => runScript(takingScript(path)).line());
    expect((await Promise.all(children)).sort()).toEqual(['held', 'refused', 'refused', 'refused']);
  });

  it('goes to one alone, time and again, also where one was killed while it took over', async () => {
    for (let round = 0; round < 100; round++) {
      const path = lockPath();
      const first = await gone();
      writeFileSync(path, first);
      if (round % 2) {
        const digest = createHash('sha256').update(first).digest('hex').slice(0, 32);
        writeFileSync(`${path}.after-${digest}`, first.replace('first', 'second'));
      }
      const taken = await Promise.all(Array.from({ length: 8 }, () => takeLock(path)));
      const locks = taken.flatMap(one => ('lock' in one ? [one.lock] : []));
      expect(locks).toHaveLength(1);
      await locks[0]?.release();
      expect(readdirSync(dirname(path))).toEqual([]);
    }
  });

  it('goes with the process that holds it, where that ends on its own accord', async () => {
    const path = lockPath();
    const script = `
      import { takeLock } from ${built('runtime/locks/process-lock.js')};
      await takeLock(${JSON.stringify(path)});
      process.exit(3);`;
    expect(await runScript(script).ended).toMatchObject({ code: 3 });
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  it('is not taken away by a release that comes too late', async () => {
    const path = lockPath();
    const lock = await take(path);
    writeFileSync(path, elsewhere);
    await lock.release();
    expect(existsSync(path)).toBe(true);
  });
});

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

describe('a lock that is lost', () => {
  const toAnother = (path: string) => writeFileSync(path, elsewhere);
  const toNobody = (path: string) => rmSync(path);

  it.each([
    ['to another', toAnother, ELSEWHERE],
    ['to nobody, who took it away', toNobody, undefined],
  ])('%s, is found out without being asked for', async (_, lose, holder) => {
    const path = lockPath();
    // Never so silent that anybody would ask.
    const lock = await take(path, { times: { touch: 20, silence: 1e6 } });
    lose(path);
    while (!lock.lost()) await setTimeout(10);
    expect(lock.lost()?.holder).toEqual(holder);
    await lock.release();
  });

  it.each([
    ['to another', toAnother],
    ['to nobody, who took it away', toNobody],
  ])('%s, is asked for where it was not touched in time', async (_, lose) => {
    const path = lockPath();
    // Never touched within the test.
    const lock = await take(path, { times: { touch: 1e6, silence: 400 } });
    lose(path);
    expect(lock.lost()).toBeUndefined();
    await setTimeout(250);
    expect(lock.lost()).toBeDefined();
    await lock.release();
  });

  it('is not one that was not touched in time, and that nobody took: asking touches it', async () => {
    const path = lockPath();
    const lock = await take(path, { times: { touch: 1e6, silence: 400 } });
    utimesSync(path, 0, 0);
    await setTimeout(250);
    expect(lock.lost()).toBeUndefined();
    expect(statSync(path).mtimeMs).toBeGreaterThan(0);
    await lock.release();
  });
});

describe('a lock that cannot be read', () => {
  const IN_ITS_PLACE = {
    'a folder': (path: string) => mkdirSync(path),
    'a link to nothing': (path: string) => symlinkSync('/nowhere/at/all', path),
    'a link to itself': (path: string) => symlinkSync(path, path),
  };

  it.each(Object.entries(IN_ITS_PLACE))('is an error with its path: %s', async (_, put) => {
    const path = lockPath();
    put(path);
    for (const attempt of [takeLock, lockHolder, waitForLock])
      await expect(attempt(path)).rejects.toMatchObject({
        name: 'UserError',
        message: expect.stringContaining(path),
      });
    expect(readdirSync(dirname(path))).toEqual(['lock']);
  });

  const isRoot = process.getuid?.() === 0;

  it.runIf(isRoot)(
    `of another user is an error with its path, in a folder that is read-only too${isRoot ? '' : ' (skipped: only root becomes another user)'}`,
    async () => {
      const path = lockPath();
      const folder = dirname(path);
      writeFileSync(path, elsewhere);
      chmodSync(path, 0);
      for (const mode of [0o777, 0o555]) {
        chmodSync(folder, mode);
        const script = `
          import { lockHolder, takeLock } from ${built('runtime/locks/process-lock.js')};
          process.setuid(65534);
          for (const attempt of [takeLock, lockHolder])
            console.log(await attempt(${JSON.stringify(path)}).then(JSON.stringify, String));`;
        const other = runScript(script);
        for (let attempt = 0; attempt < 2; attempt++)
          expect(await other.line()).toBe(`UserError: ${path}: cannot be read (permission denied)`);
      }
    },
  );
});

describe('a lock of a process that is gone', () => {
  const isRoot = process.getuid?.() === 0;

  it.runIf(isRoot)(
    `which this user may not replace is named, and not the folder${isRoot ? '' : ' (skipped: only root becomes another user)'}`,
    async () => {
      const path = lockPath();
      writeFileSync(path, await gone());
      chmodSync(dirname(path), 0o1777);
      const script = `
        import { takeLock } from ${built('runtime/locks/process-lock.js')};
        process.setuid(65534);
        console.log(await takeLock(${JSON.stringify(path)}).then(JSON.stringify, String));`;
      expect(await runScript(script).line()).toBe(
        `UserError: ${path}: cannot be written (operation not permitted)`,
      );
      expect(readdirSync(dirname(path))).toEqual(['lock']);
    },
  );
});

describe('waiting for a lock', () => {
  it('tells once who has it, and ends when that is over', async () => {
    const path = lockPath();
    const { child } = await holderOf(path);
    const told: unknown[] = [];
    const onWait = (holder: LockHolder | undefined) => {
      told.push(holder?.pid);
      void setTimeout(200).then(() => child.kill('SIGKILL'));
    };
    await (await waitForLock(path, { times: TIMES, onWait })).release();
    expect(told).toEqual([child.pid]);
  });

  it('is never for the dead', async () => {
    const path = lockPath();
    writeFileSync(path, elsewhere);
    const told: unknown[] = [];
    const lock = await waitForLock(path, { times: TIMES, onWait: holder => told.push(holder?.host) });
    await lock.release();
    expect(told).toEqual(['elsewhere']);
  });

  it('ends when it is aborted', async () => {
    const path = lockPath();
    const lock = await take(path);
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = waitForLock(path, { signal, onWait: () => controller.abort() });
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    await lock.release();
  });
});

function refuseToWatch(): never {
  throw new Error('watched, and it was to be known at once');
}
