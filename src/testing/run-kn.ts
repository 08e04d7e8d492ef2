/** Runs the built command as its users do: a process of its own, in a folder of its own, with empty caches. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from './temporary-folder.js';

export const KN = fileURLToPath(new URL('../../bin/kn.js', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface KnOptions {
  readonly cwd?: string;
  /** Over what a test starts with; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: string;
  /** Words of a shell command put before it: "ulimit -f 100;". */
  readonly shell?: string;
}

export interface RunningKn {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
}

/** Starts kn; it is killed when the test ends. */
export function startKn(args: readonly string[], { cwd, env, stdin, shell }: KnOptions = {}): RunningKn {
  const cache = temporaryFolder();
  const environment = {
    PATH: process.env.PATH,
    HOME: cache,
    HF_HOME: join(cache, 'hf'),
    HF_ENDPOINT: 'http://127.0.0.1:65533',
    KN_CACHE: join(cache, 'kn'),
    KN_PARAREL_URL: 'http://127.0.0.1:65533',
    VK_DRIVER_FILES: '/nowhere', // whatever GPU the machine has
    ...env,
  };
  const command = [process.execPath, KN, ...args];
  const [file, ...rest] = shell ? ['bash', '-c', `${shell} exec "$0" "$@"`, ...command] : command;
  const child = spawn(file, rest, { cwd: cwd ?? cache, env: environment, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(stdin ?? '');
  const out = { stdout: '', stderr: '' };
  child.stdout.on('data', data => {
    out.stdout += data;
  });
  child.stderr.on('data', data => {
    out.stderr += data;
  });
  const finished = new Promise<Finished>(resolve => child.once('close', code => resolve({ code, ...out })));
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, finished };
}

export function kn(args: readonly string[], options?: KnOptions): Promise<Finished> {
  return startKn(args, options).finished;
}

/** Waits until a run's journal has so many facts. */
export async function untilJournalHas(folder: string, facts: number): Promise<void> {
  while (journalLines(folder).length < facts) await setTimeout(20);
}

export function journalLines(folder: string): string[] {
  try {
    return readFileSync(join(folder, 'journal.jsonl'), 'utf8').split('\n').slice(0, -1);
  } catch {
    return [];
  }
}

/** The process numbers of a process's children. */
export function childrenOf({ pid }: Pick<ChildProcess, 'pid'>): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(name => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid;
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** The final files of a results folder, by name: all but what a run keeps for itself, and the devices that it ran on. */
export function finalFiles(folder: string): Record<string, string> {
  const names = readdirSync(folder).filter(name => !/^(journal|sessions)\.jsonl$|^old-|^lock/.test(name));
  return Object.fromEntries(
    names.sort().map(name => {
      const content = readFileSync(join(folder, name), 'utf8');
      return [name, name === 'run.json' ? content.replace(/"plans": \[[^\]]*\]/, '"plans": []') : content];
    }),
  );
}
