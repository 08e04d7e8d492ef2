import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  elsewhere,
  gone,
  holderOf,
  lockPath,
  refuseToWatch,
  TIMES,
  take,
  takingScript,
} from '../../testing/lock-holders.js';
import { built, runScript } from '../../testing/other-process.js';
import { type LockHolder, thisProcess } from './holder.js';
import { lockHolder, takeLock, waitForLock } from './process-lock.js';

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
