/**
 * Tries a reader of files on a thousand mutations of a valid one. Each is read, or refused with an error of our own; in a second
 * and in bounded memory; what comes out is finite, and nothing is written beside the reader's own folder.
 *
 * `npm run fuzz` tries ten thousand, `npm run fuzz -- --seed N` the same again.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { UserError } from '../../errors.js';
import { HangGuard } from './hang-guard.js';
import { treeOf } from './json-tree.js';
import { byteSteps, lineSteps, mutateBytes, mutateJson, mutateLines, treeSteps } from './mutate.js';

const RUNS = Number(process.env.KN_FUZZ_RUNS ?? 1000);
const SEED = Number(process.env.KN_FUZZ_SEED ?? 1);
const PATH = process.env.KN_FUZZ_PATH;

/** Of the processor, in seconds: a mutation that takes longer has found something that a small file should not do. */
const MOST_SECONDS = 1;

/** By which this process's memory may grow in one mutation. In bytes. */
const MOST_MEMORY = 256 * 2 ** 20;

/** What a message may take: it is read by a person, in a terminal. */
const MOST_LETTERS = 1500;

/** A folder in memory, where there is one: half of the time would be the disk's. */
const MEMORY = '/dev/shm';

type Content = string | Uint8Array;

/**
 * @param title of the test, after which `npm run fuzz` can name it
 * @param mutations contents of the file, made from a valid one
 * @param read takes a content: returns what it says, or throws
 */
export function fuzz<Mutated>(
  title: string,
  valid: Mutated,
  mutations: fc.Arbitrary<Mutated>,
  read: (content: Mutated) => unknown,
  refuses = true,
): void {
  const timeout = 60_000 + 200 * RUNS;
  it(`${title}: ${RUNS} mutations are read or refused`, { timeout }, async () => {
    const guard = new HangGuard(`${title}, seed ${SEED}`);
    notFinite(await guard.during(() => read(valid)), title);
    let refused = 0;
    const property = fc.asyncProperty(mutations, async content => {
      const readIt = () => guard.during(() => read(content));
      // What takes long may have had to wait for the collector of garbage: then it does not a second time.
      const { isRefused, seconds } = await outcomeOf(readIt);
      const time = seconds < MOST_SECONDS ? seconds : (await outcomeOf(readIt)).seconds;
      if (time >= MOST_SECONDS) throw new Error(`it took ${time} s`);
      if (isRefused) refused++;
    });
    const path = PATH === undefined ? {} : { path: PATH };
    const found = await fc.check(property, { numRuns: RUNS, seed: SEED, ...path }).finally(() => guard.end());
    if (found.failed) {
      const again = `npm run fuzz -- --seed ${found.seed} --path ${found.counterexamplePath} -t '${title}: '`;
      const error = found.errorInstance;
      const trace = error instanceof Error ? error.stack : String(error);
      throw new Error(`${title}: ${shown(found.counterexample?.[0])}\n${trace}\nAgain: ${again}`);
    }
    // Mutations that break nothing would prove nothing.
    if (refuses && PATH === undefined) expect(refused).toBeGreaterThan(RUNS / 20);
  });
}

/** Whether `read` refuses what it is given, as it should, and what it took: everything else that it throws is thrown on. */
async function outcomeOf(read: () => unknown): Promise<{ isRefused: boolean; seconds: number }> {
  const [cpu, memory] = [process.cpuUsage(), process.resourceUsage().maxRSS];
  let isRefused = false;
  try {
    notFinite(await read(), 'what was read');
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { message, remedy } = error;
    if (message === '' || `${message}${remedy}`.length > MOST_LETTERS)
      throw new Error(`not a message for a person: ${JSON.stringify(message.slice(0, 3000))}`);
    isRefused = true;
  }
  const { user, system } = process.cpuUsage(cpu);
  const grown = 1024 * (process.resourceUsage().maxRSS - memory);
  if (grown > MOST_MEMORY) throw new Error(`it took ${grown} bytes`);
  if (Object.keys(Object.prototype).length > 0) throw new Error('it changed Object.prototype');
  return { isRefused, seconds: (user + system) / 1e6 };
}

/** @throws where a number anywhere in `value` is NaN or infinite */
function notFinite(value: unknown, place: string, depth = 0): void {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`${place} is ${value}`);
  if (typeof value !== 'object' || value === null || depth > 20) return;
  if (ArrayBuffer.isView(value)) {
    if (value instanceof Float32Array && !value.every(Number.isFinite))
      throw new Error(`${place} has no number`);
    return;
  }
  const entries = value instanceof Map ? value.entries() : Object.entries(value);
  for (const [key, part] of entries) notFinite(part, `${place}.${String(key).slice(0, 40)}`, depth + 1);
}

function shown(content: unknown): string {
  const text =
    content instanceof Uint8Array ? Buffer.from(content).toString('latin1') : JSON.stringify(content);
  return text.length > 3000 ? `${text.slice(0, 3000)}... (${text.length})` : text;
}

export interface FuzzedFile {
  /** The valid files of a folder, by name. */
  readonly files: Readonly<Record<string, Content>>;
  /** Which of them is mutated. */
  readonly file: string;
  /** Whether some of its mutations have to be refused; default: true. */
  readonly refuses?: boolean;
  /** Its valid content's mutations; default: by what its name ends with. */
  readonly mutations?: fc.Arbitrary<Content>;
  /** Reads the folder. */
  readonly read: (folder: string) => unknown;
}

/** The same for one file of a folder, and what is around that folder has to stay as it is. */
export function fuzzFile(title: string, { files, file, refuses, mutations, read }: FuzzedFile): void {
  const around = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'kn-fuzz-'));
  afterAll(() => rmSync(around, { recursive: true, force: true }));
  const folder = join(around, 'a', 'b', 'folder');
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  const outside = () => ['.', 'a', 'a/b'].map(name => readdirSync(join(around, name)).join()).join(' | ');
  const before = outside();
  const readContent = async (content: Content) => {
    writeFileSync(join(folder, file), content);
    const reading = Promise.resolve(folder).then(read);
    return reading.finally(() => {
      if (outside() !== before) throw new Error(`written outside: ${outside()}`);
    });
  };
  fuzz(title, files[file], mutations ?? mutationsOf(file, files[file]), readContent, refuses);
}

/** By the name's ending: JSON by its values, lines by lines, and of everything the bytes. */
export function mutationsOf(name: string, valid: Content): fc.Arbitrary<Content> {
  const bytes = Buffer.from(valid);
  const ofBytes = byteSteps.map(steps => mutateBytes(bytes, steps));
  const text = bytes.toString();
  if (name.endsWith('.json')) {
    const value = [treeOf(JSON.parse(text))];
    return mixed(
      treeSteps.map(steps => mutateJson(value, steps)),
      ofBytes,
    );
  }
  if (name.endsWith('.jsonl')) {
    const lines = text
      .trim()
      .split('\n')
      .map(line => treeOf(JSON.parse(line)));
    return mixed(
      treeSteps.map(steps => mutateJson(lines, steps, '\n')),
      ofBytes,
    );
  }
  if (name.endsWith('.txt'))
    return mixed(
      lineSteps.map(steps => mutateLines(text, steps)),
      ofBytes,
    );
  return ofBytes;
}

/** Mostly such as keep the format, and reach what is behind it. */
export function mixed(within: fc.Arbitrary<Content>, ofBytes: fc.Arbitrary<Content>): fc.Arbitrary<Content> {
  return fc.oneof({ arbitrary: within, weight: 4 }, { arbitrary: ofBytes, weight: 1 });
}
