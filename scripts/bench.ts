/**
 * npm run bench [-- engine ...] [--shape bert-base|gpt2] [--no-reuse] [--keep]: how fast and how large kn is at
 * bert-base-uncased's shape, or gpt2's, on every engine that this machine has. --no-reuse measures, at gpt2's shape, passes
 * that reuse nothing as well, as the replication runs them. --keep leaves the checkpoint for the next time.
 * Each engine is measured in a process of its own, against its own product rate in the same minutes.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parameterCount, parseModelConfig } from '../src/model/config.js';
import { table } from '../src/report/table.js';
import { ENGINES } from '../src/runtime/engine-names.js';
import type { Measurement, MeasureOrder } from './bench/measure.js';
import { SHAPE_NAMES, SHAPES } from './bench/shapes.js';

const { values: flags, positionals: asked } = parseArgs({
  allowPositionals: true,
  options: {
    shape: { type: 'string' },
    'no-reuse': { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});
const noReuse = flags['no-reuse'];
const shapeName = flags.shape ?? (noReuse ? 'gpt2' : 'bert-base');
const shape = SHAPE_NAMES.find(name => name === shapeName);
if (!shape) throw new Error(`no shape "${shapeName}": ${SHAPE_NAMES.join(', ')}`);
if (noReuse && shape !== 'gpt2') throw new Error('--no-reuse is for --shape gpt2');
const unknown = asked.find(word => !ENGINES.some(engine => engine === word));
if (unknown !== undefined) throw new Error(`no engine "${unknown}": ${ENGINES.join(', ')}`);
const engines = asked.length === 0 ? ENGINES : ENGINES.filter(engine => asked.includes(engine));

const { config, write } = SHAPES[shape];
const folder = join(tmpdir(), `kn-bench-${shape}`);
console.log(`A random checkpoint of ${shape}'s shape, in ${folder}`);
if (!existsSync(join(folder, 'config.json'))) await write(folder);

const parsed = parseModelConfig(config, 'bench');
const { layers } = parsed;
const float32Bytes = 4 * parameterCount(parsed);
const memoryLimit = 2 * float32Bytes + 1e9;
const rows: string[][] = [];
for (const engine of engines) {
  console.log(`Measuring ${engine} ...`);
  const result = await measure({ engine, shape, folder, noReuse });
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
    `  ${tokens} tokens, ${steps} steps, ${layers} layers, ${prompts} prompt${prompts === 1 ? '' : 's'} at once: ${(operations / 1e9).toFixed(1)} GFLOP a prompt`,
  );
  if (result.withoutReuse) {
    const { operations, secondsPerPrompt, timesAsFast, timesTheOperations, relativeError } =
      result.withoutReuse;
    console.log(
      `  without reuse: ${(operations / 1e9).toFixed(0)} GFLOP, ${timesTheOperations.toFixed(1)} times as many, in ` +
        `${secondsPerPrompt.toFixed(2)} s. With reuse ${timesAsFast.toFixed(1)} times as fast; the scores agree to ${relativeError.toExponential(0)}`,
    );
  }
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
console.log(['', ...table(head, rows, 'right'), ''].join('\n'));
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
if (!flags.keep) rmSync(folder, { recursive: true });

async function measure(order: MeasureOrder): Promise<Measurement | { absent: string }> {
  const child = fork(fileURLToPath(new URL('./bench/measure.ts', import.meta.url)), [JSON.stringify(order)]);
  const exited = once(child, 'exit').then(([code]) => ({ absent: `the process ended with code ${code}` }));
  const answered = once(child, 'message').then(([message]) => message as Measurement | { absent: string });
  return Promise.race([answered, exited]);
}
