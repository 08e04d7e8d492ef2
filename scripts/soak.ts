/**
 * npm run soak [-- --minutes 60 --engine tensorflow --out soak.csv]: one worker that finds neurons and measures them at
 * bert-base-uncased's shape, through `kn evaluate pararel`, and what its memory does meanwhile. Linux alone. Ends with 1 where
 * the worker grew; docs/reliability.md has what came out.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { table } from '../src/report/table.js';
import { ENGINES } from '../src/runtime/engine-names.js';
import { BERT_BASE, writeRandomBert } from './bench/random-checkpoint.js';
import { growth, growthText, megabytes } from './soak/growth.js';
import { writeFacts, writeVocabulary } from './soak/made-up-facts.js';
import { residentBytes, residentOf, type Sample } from './soak/sample.js';

const SECONDS_BETWEEN = 10;
const ROWS = 13;
const HEAD = ['minute', 'facts done', 'resident, MB', 'C heap', 'other', 'files'];

const { values: flags } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    engine: { type: 'string', default: 'tensorflow' },
    out: { type: 'string', default: 'soak.csv' },
  },
});
const minutes = Number(flags.minutes);
if (!(minutes >= 1)) throw new Error(`--minutes ${flags.minutes}: a number from 1 on`);
const engine = ENGINES.find(name => name === flags.engine);
if (!engine) throw new Error(`no engine "${flags.engine}": ${ENGINES.join(', ')}`);

const KN = fileURLToPath(new URL('../bin/kn.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'kn-soak-'));
try {
  const samples = await soak();
  writeFileSync(flags.out, csv(samples));
  const rows = evenly(samples, ROWS).map(row);
  console.log(['', ...table(HEAD, rows, 'right'), '', `Every sample is in ${flags.out}.`].join('\n'));
  const grown = growth(samples);
  console.log(growthText(grown));
  process.exitCode = grown.isLeak ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true });
}

async function soak(): Promise<Sample[]> {
  const [model, data, results] = ['model', 'data', 'results'].map(name => join(folder, name));
  await writeRandomBert(model, BERT_BASE);
  writeVocabulary(join(model, 'vocab.txt'), BERT_BASE.vocab_size);
  writeFacts(data);
  console.log(`A worker of the ${engine} engine for ${minutes} minutes, at bert-base-uncased's shape`);
  const command = [KN, 'evaluate', 'pararel', '--model', model, '--data', data, '--results', results];
  const machine = ['--engine', engine ?? '', '--devices', 'cpu', '--workers', '1'];
  const child = spawn(process.execPath, [...command, ...machine, '--quiet'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'exit');
  const samples = await watch(child, results);
  child.kill('SIGINT');
  const [code] = await ended;
  if (code !== 130) throw new Error(`kn ended with ${code}, before its time`);
  return samples;
}

/** Samples of the worker, from the first that there is. */
async function watch(child: ChildProcess, results: string): Promise<Sample[]> {
  const samples: Sample[] = [];
  let begun: number | undefined;
  let pid: number | undefined;
  const seconds = () => (performance.now() - (begun ?? performance.now())) / 1000;
  while (child.exitCode === null && seconds() < 60 * minutes) {
    await setTimeout(1000 * SECONDS_BETWEEN);
    const worker = childOf(child);
    if (worker === undefined) continue;
    if (pid !== undefined && pid !== worker) throw new Error('the worker died, and another took its place');
    pid = worker;
    begun ??= performance.now();
    const resident = residentOf(worker);
    if (resident) samples.push({ seconds: seconds(), facts: factsIn(results), ...resident });
  }
  return samples;
}

/** The process number of its only child. */
function childOf({ pid }: ChildProcess): number | undefined {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
  return child === '' ? undefined : Number(child);
}

function factsIn(results: string): number {
  const journal = join(results, 'journal.jsonl');
  return existsSync(journal) ? readFileSync(journal, 'utf8').split('\n').length - 1 : 0;
}

function row(sample: Sample): string[] {
  const { seconds, facts, heap, anonymous, files } = sample;
  const sizes = [residentBytes(sample), heap, anonymous, files].map(megabytes);
  return [(seconds / 60).toFixed(1), String(facts), ...sizes];
}

function csv(samples: readonly Sample[]): string {
  const lines = samples.map(({ seconds, facts, heap, anonymous, files }) =>
    [seconds.toFixed(0), facts, heap, anonymous, files].join(','),
  );
  return `${['seconds,facts,heap,anonymous,files', ...lines].join('\n')}\n`;
}

/** The first, the last, and so many between them. */
function evenly<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, i) => items[Math.round((i * (items.length - 1)) / (count - 1))]);
}
