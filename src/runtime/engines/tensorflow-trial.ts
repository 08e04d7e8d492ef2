/**
 * Whether libtensorflow leaves its process alive: a library that was cut off, or a processor without the instructions that it was
 * compiled for, ends it by a signal that nobody can catch. So a process of its own loads it first, once for what is set up and the
 * machine that it runs on; that it did is noted among the downloads, and later starts look there. Where nothing may be
 * written there, each start tries: that takes about a second.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { UserError } from '../../errors.js';
import { VERSION } from '../../version.js';
import { writeWholeFile } from '../../whole-file.js';
import { CHILD_FLAGS, childEnvironment, isChildOfOurs } from '../child-node.js';
import { cacheFolder } from '../folders.js';
import { kernelText } from '../kernel-text.js';
import type { InstalledTensorflow } from './installed-tensorflow.js';

// The built file, whether this is that or its source: tests start it too.
const CHILD = fileURLToPath(
  new URL('../../../dist/runtime/engines/tensorflow-trial-child.js', import.meta.url),
);

/** What the child prints. */
export const COMPUTES = 'computes';

/**
 * Tries the engine, unless this process is one of our own that may well be lost, or it has been tried.
 * @throws UserError where the process that tried it was ended; what an engine throws is left to whoever starts it
 */
export async function checkLeavesAlive(installed: InstalledTensorflow): Promise<void> {
  if (isChildOfOurs()) return;
  const facts = await factsOf(installed);
  const note = noteOf(facts);
  const isTried =
    note !== undefined &&
    (await stat(note)
      .then(found => found.isFile())
      .catch(() => false));
  if (isTried || !(await computesInChild()) || note === undefined) return;
  try {
    await mkdir(dirname(note), { recursive: true });
    await writeWholeFile(note, facts);
  } catch {
    // The next start tries again.
  }
}

/** All that may make the difference between an engine that starts and one that ends its process. */
async function factsOf({ folder, manifest }: InstalledTensorflow): Promise<string> {
  const { LD_LIBRARY_PATH, LD_PRELOAD, CUDA_VISIBLE_DEVICES } = process.env;
  const flags = /^(?:flags|Features)\s*:.*$/m.exec(kernelText('/proc/cpuinfo') ?? '')?.[0];
  const driver = manifest.cuda && kernelText('/proc/driver/nvidia/version');
  const machine = { processor: cpus()[0]?.model, flags, driver };
  const environment = { LD_LIBRARY_PATH, LD_PRELOAD, CUDA_VISIBLE_DEVICES };
  const files = await librariesIn(folder);
  return `${JSON.stringify({ folder, manifest, files, machine, environment, node: process.version, kn: VERSION }, null, 1)}\n`;
}

/** Addons and libraries, each with its size and when it was written: JavaScript ends no process. */
async function librariesIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder).catch(() => [])).filter(name => name.endsWith('.node'));
  for (const part of ['lib', 'nvidia']) {
    const within = await readdir(join(folder, part), { recursive: true }).catch(() => []);
    names.push(...within.filter(name => /\.so(?:\.|$)/.test(name)).map(name => join(part, name)));
  }
  return Promise.all(
    names.sort().map(async name => {
      const found = await stat(join(folder, name)).catch(() => undefined);
      return `${name} ${found?.size} ${found?.mtimeMs}`;
    }),
  );
}

/** Where it is noted that what has these facts was tried; undefined for a user without such a folder. */
function noteOf(facts: string): string | undefined {
  try {
    const digest = createHash('sha256').update(facts).digest('hex');
    return join(cacheFolder(), 'engines-tried', `tensorflow-${digest.slice(0, 16)}.json`);
  } catch {
    return undefined;
  }
}

/**
 * @returns whether it computed; where not, it has said why by an error, or no process could be started
 * @throws UserError where its process was ended
 */
async function computesInChild(): Promise<boolean> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [...CHILD_FLAGS, CHILD], {
      env: { ...process.env, ...childEnvironment() },
    });
    return stdout.endsWith(COMPUTES);
  } catch (error) {
    const how = endOf(error);
    if (how === undefined) return false;
    throw new UserError(
      `the tensorflow engine cannot start: the process that tried it ended with ${how}`,
      'Its libraries are damaged, or not for this processor, or memory is full: run kn setup tensorflow again, or take --engine wasm.',
      { cause: error },
    );
  }
}

/** "SIGBUS", "code 127: symbol lookup error"; undefined where it never ran. */
function endOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const of = <T>(name: string, is: (value: unknown) => value is T) => {
    const value: unknown = Reflect.get(error, name);
    return is(value) ? value : undefined;
  };
  const isText = (value: unknown) => typeof value === 'string';
  const code = of('code', value => typeof value === 'number');
  const how = of('signal', isText) ?? (code === undefined ? undefined : `code ${code}`);
  const said = of('stderr', isText)?.trimEnd().split('\n').at(-1);
  return how && said ? `${how}: ${said}` : how;
}
