/** Signals to the built command, also as the first process of a container, which the kernel spares those that nobody handles. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { dataFolder } from '../testing/data-folder.js';
import { evaluate, results } from '../testing/demo-run.js';
import { serve } from '../testing/loopback-server.js';
import { runScript } from '../testing/other-process.js';
import { childrenOf, type KnOptions, startKn, untilJournalHas } from '../testing/run-kn.js';
import { temporaryFolder } from '../testing/temporary-folder.js';

describe('the first moment of kn', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'])('ends at %s in one line', async signal => {
    const signals = new URL('../../bin/signals.js', import.meta.url).href;
    const first = runScript(
      `import ${JSON.stringify(signals)}; console.log('there'); setInterval(() => {}, 1000);`,
    );
    await first.line();
    process.kill(first.child.pid ?? 0, signal);
    expect(await first.ended).toEqual({ code: 130, stderr: 'Interrupted.\n' });
  });
});

const canBeFirst = spawnSync('unshare', ['-p', '-f', '--mount-proc', 'true']).status === 0;
const unlessFirst = canBeFirst ? '' : ' (skipped: this user may not make a namespace of processes)';

interface Started {
  readonly kn: number;
  readonly workers: () => number[];
  readonly finished: ReturnType<typeof startKn>['finished'];
}

/** Starts kn as process 1 of a namespace of its own; `until` says when it is at work. */
async function startFirst(
  args: readonly string[],
  options: KnOptions,
  until: () => boolean | Promise<void>,
): Promise<Started> {
  const shell = 'exec unshare -p -f --mount-proc --kill-child "$0" "$@";';
  const { child, finished } = startKn(args, { ...options, shell });
  while ((await until()) === false) await setTimeout(20);
  const [kn] = childrenOf(child);
  return { kn, workers: () => childrenOf({ pid: kn }), finished };
}

const isAlive = (pid: number) => {
  try {
    return !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

/** Setup with a compiler that never ends and has started a program itself; `deaf`, not even where it is asked to. */
function slowSetup(deaf = false) {
  const folder = temporaryFolder();
  const [compiler, pids] = ['g++', 'pids'].map(name => join(folder, name));
  const lines = [
    '#!/bin/bash',
    deaf ? "trap '' INT TERM" : '',
    `sleep 600 & echo $$ $! > ${pids}.new; mv ${pids}.new ${pids}; wait`,
  ];
  writeFileSync(compiler, `${lines.join('\n')}\n`);
  chmodSync(compiler, 0o755);
  const data = dataFolder();
  return {
    args: ['setup', '--from', 'x.whl'],
    options: { env: { KN_DATA: data.folder, CXX: compiler } },
    isAtWork: () => existsSync(pids),
    /** Of those that it has started, the ones that live. */
    left: () => readFileSync(pids, 'utf8').split(' ').map(Number).filter(isAlive),
    expectUntouched: data.expectUntouched,
  };
}

describe.skipIf(!canBeFirst)(`kn as process 1${unlessFirst}`, () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('ends at %s while it waits for a download', async signal => {
    const hub = await serve(() => undefined);
    const env = { HF_ENDPOINT: hub.url };
    const args = ['find', '--model', 'org/slow', '--prompt', 'a [MASK]', '--answer', 'b'];
    const { kn, finished } = await startFirst(args, { env }, () => hub.requests.length > 0);
    process.kill(kn, signal);
    expect(await finished).toMatchObject({ code: 130, stdout: '', stderr: 'Interrupted.\n' });
  });

  it('goes on at SIGUSR1 and SIGUSR2, its workers too, opens no debugger, and ends at SIGTERM', async () => {
    const folder = results();
    const args = [...evaluate(folder), '--workers', '2'];
    const { kn, workers, finished } = await startFirst(args, {}, () => untilJournalHas(folder, 1));
    const all = [kn, ...workers()];
    expect(all.length).toBeGreaterThan(1);
    for (const signal of ['SIGUSR1', 'SIGUSR2']) for (const pid of all) process.kill(pid, signal);
    await untilJournalHas(folder, 4);
    expect([kn, ...workers()]).toEqual(all);
    process.kill(kn, 'SIGTERM');
    const { code, stderr } = await finished;
    expect(code).toBe(130);
    expect(stderr).not.toMatch(/debugger/i);
    expect(stderr).toMatch(
      /Interrupted\. Finished facts are kept in .*; the same command goes on from there\.\n$/,
    );
  });
});

describe('kn setup', () => {
  it('that is asked to end leaves the machine as it was, and ends what it has started', async () => {
    const { args, options, isAtWork, left, expectUntouched } = slowSetup();
    const { child, finished } = startKn(args, options);
    while (!isAtWork()) await setTimeout(20);
    expect(left()).toHaveLength(2);
    child.kill('SIGTERM');
    const { code, stderr } = await finished;
    expect({ code, stderr }).toEqual({
      code: 130,
      stderr: 'Interrupted. Nothing was installed; downloads are kept.\n',
    });
    expectUntouched();
    expect(left()).toEqual([]);
  });

  it('that is asked twice ends at once, and what it has started too', async () => {
    const { args, options, isAtWork, left } = slowSetup(true);
    const { child, finished } = startKn(args, options);
    while (!isAtWork()) await setTimeout(20);
    child.kill('SIGTERM');
    await setTimeout(200);
    expect(child.exitCode).toBeNull();
    child.kill('SIGTERM');
    expect((await finished).code).toBe(130);
    while (left().length > 0) await setTimeout(20);
  });
});
