/**
 * npm run bench [-- engine ...] [--keep]: how fast and how large kn is at bert-base-uncased's shape, on every engine
 * that this machine has. --keep leaves the checkpoint for the next time.
 * Each engine is measured in a process of its own, against its own product rate in the same minutes.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { table } from '../src/cli/tables.js';
import { parameterCount, parseModelConfig } from '../src/model/config.js';
import { ENGINES, type EngineName } from '../src/runtime/engine-names.js';
import type { Measurement } from './bench/measure.js';
import { BERT_BASE, writeRandomCheckpoint } from './bench/random-checkpoint.js';

const asked = process.argv.slice(2).filter(word => !word.startsWith('--'));
const unknown = asked.find(word => !ENGINES.some(engine => engine === word));
if (unknown !== undefined) throw new Error(`no engine "${unknown}": ${ENGINES.join(', ')}`);
const engines = asked.length === 0 ? ENGINES : ENGINES.filter(engine => asked.includes(engine));

const folder = join(tmpdir(), 'kn-bench-bert-base');
console.log(`A random checkpoint of bert-base-uncased's shape, in ${folder}`);
if (!existsSync(join(folder, 'config.json'))) await writeRandomCheckpoint(folder, BERT_BASE);

const float32Bytes = 4 * parameterCount(parseModelConfig(BERT_BASE, 'bench'));
const memoryLimit = 2 * float32Bytes + 1e9;
const rows: string[][] = [];
for (const engine of engines) {
  console.log(`Measuring ${engine} ...`);
  const result = await measure(engine);
  if ('absent' in result) {
    console.log(`  not here: ${result.absent}`);
    continue;
  }
  rows.push([
    `${result.engine}`,
    result.secondsPerPrompt.toFixed(2),
    result.gigaflops.toFixed(1),
    result.productRate.toFixed(1),
    result.share.toFixed(2),
    result.loadSeconds.toFixed(1),
    `${(result.peakBytes / 1e6).toFixed(0)} MB`,
    (result.peakBytes / memoryLimit).toFixed(2),
  ]);
  const { tokens, steps, prompts, operations } = result;
  console.log(
    `  ${tokens} tokens, ${steps} steps, 12 layers, ${prompts} prompts at once: ${(operations / 1e9).toFixed(1)} GFLOP a prompt`,
  );
}
const head = [
  'engine',
  's a prompt',
  'GFLOPS',
  "engine's own rate",
  'share',
  'load, s',
  'peak memory',
  'share of limit',
];
console.log(`\n${table(head, rows, 'right')}\n`);
console.log(
  's a prompt: kn find, the median of the repetitions. GFLOPS: the operations that the algorithm needs',
);
console.log(
  '(src/attribution/count-operations.ts) over the time. share: of the fastest plain product of the same shapes,',
);
console.log('measured just before and after each repetition; the median of the pairs.');
console.log(
  `Limit of memory: twice the checkpoint's float32 size plus 1 GB, ${(memoryLimit / 1e6).toFixed(0)} MB.`,
);
if (!process.argv.includes('--keep')) rmSync(folder, { recursive: true });

async function measure(engine: EngineName): Promise<Measurement | { absent: string }> {
  const child = fork(fileURLToPath(new URL('./bench/measure.ts', import.meta.url)), [engine, folder]);
  const exited = once(child, 'exit').then(([code]) => ({ absent: `the process ended with code ${code}` }));
  const answered = once(child, 'message').then(([message]) => message as Measurement | { absent: string });
  return Promise.race([answered, exited]);
}
