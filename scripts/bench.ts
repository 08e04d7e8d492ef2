/**
 * npm run bench [-- engine ...] [--shape bert-base|gpt2|llama|llama-1b] [--prompts N] [--no-reuse] [--keep]: how fast and how large kn is at
 * bert-base-uncased's shape, gpt2's, a Llama's of gpt2's size, or Llama-3.2-1B's, on every engine that this machine has, by the exact path and the interpolated one. --prompts: how
 * many share a batch; by default as many as fit by every step, of causal models one. --no-reuse measures, at gpt2's shape, passes
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
import { counted } from '../src/numbers.js';
import { table } from '../src/report/table.js';
import { ENGINES } from '../src/runtime/engine-names.js';
import type { Measurement, MeasureOrder } from './bench/measure.js';
import { SHAPE_NAMES, SHAPES } from './bench/shapes.js';

const { values: flags, positionals: asked } = parseArgs({
  allowPositionals: true,
  options: {
    shape: { type: 'string' },
    prompts: { type: 'string' },
    'no-reuse': { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});
function refuse(message: string): never {
  console.error(message);
  process.exit(2);
}

const noReuse = flags['no-reuse'];
const shapeName = flags.shape ?? (noReuse ? 'gpt2' : 'bert-base');
const shape = SHAPE_NAMES.find(name => name === shapeName);
if (!shape) refuse(`--shape ${shapeName}: not one of ${SHAPE_NAMES.join(', ')}`);
if (noReuse && shape !== 'gpt2') refuse(`--no-reuse --shape ${shape}: for --shape gpt2 alone`);
const prompts = flags.prompts === undefined ? undefined : Number(flags.prompts);
if (prompts !== undefined && !(Number.isInteger(prompts) && prompts > 0))
  refuse(`--prompts ${flags.prompts}: not a whole number from 1`);
const unknown = asked.find(word => !ENGINES.some(engine => engine === word));
if (unknown !== undefined) refuse(`${unknown}: not an engine, which are ${ENGINES.join(', ')}`);
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
  const result = await measure({ engine, shape, folder, prompts, noReuse });
  if ('absent' in result) {
    console.log(`  not here: ${result.absent}`);
    continue;
  }
  const {
    tokens,
    steps,
    prompts: together,
    paths,
    productRate,
    loadSeconds,
    peakBytes,
    withoutReuse,
  } = result;
  console.log(`  ${tokens} tokens, ${steps} steps, ${layers} layers, ${counted(together, 'prompt')} at once`);
  console.log(`  points of each layer's path: ${paths.interpolated.points.map(oneDecimal).join(', ')}`);
  for (const path of ['exact', 'interpolated'] as const) {
    const { operations, seconds, gigaflops, share } = paths[path];
    rows.push([
      `${result.engine}`,
      path,
      seconds.toFixed(2),
      (operations / 1e9).toFixed(1),
      gigaflops.toFixed(1),
      productRate.toFixed(1),
      share.toFixed(2),
      (path === 'exact' ? 1 : result.timesAsFast).toFixed(2),
      loadSeconds.toFixed(1),
      `${(peakBytes / 1e6).toFixed(0)} MB`,
      (peakBytes / memoryLimit).toFixed(2),
    ]);
  }
  if (withoutReuse) {
    const { operations, secondsPerPrompt, timesAsFast, timesTheOperations, relativeError } = withoutReuse;
    console.log(
      `  without reuse: ${(operations / 1e9).toFixed(0)} GFLOP in ${secondsPerPrompt.toFixed(2)} s. ` +
        (['exact', 'interpolated'] as const)
          .map(path => {
            const [fewer, faster] = [timesTheOperations[path], timesAsFast[path]].map(oneDecimal);
            return `${path}: ${fewer} times fewer, ${faster} times as fast; `;
          })
          .join('') +
        `the exact path's scores agree to ${relativeError.toExponential(0)}`,
    );
  }
}
const head = [
  'engine',
  'path',
  's a prompt',
  'GFLOP',
  'GFLOPS',
  "engine's own rate",
  'share',
  'times as fast',
  'load, s',
  'peak memory',
  'share of limit',
];
console.log(['', ...table(head, rows, 'right'), ''].join('\n'));
console.log(
  's a prompt: kn find, adaptive threshold 0.3, the median of the repetitions. GFLOP: the operations of the',
);
console.log(
  'products that were done for a prompt, by its passes and traces; GFLOPS: the same over the time. share: of',
);
console.log(
  'the fastest plain product of the same shapes, measured just before and after; the median of the pairs.',
);
console.log("load and memory are the process's, which runs both paths.");
console.log(
  `Limit of memory: twice the checkpoint's float32 size plus 1 GB, ${(memoryLimit / 1e6).toFixed(0)} MB.`,
);
if (!flags.keep) rmSync(folder, { recursive: true });

function oneDecimal(value: number): string {
  return value.toFixed(1);
}

async function measure(order: MeasureOrder): Promise<Measurement | { absent: string }> {
  const child = fork(fileURLToPath(new URL('./bench/measure.ts', import.meta.url)), [JSON.stringify(order)]);
  const exited = once(child, 'exit').then(([code]) => ({ absent: `the process ended with code ${code}` }));
  const answered = once(child, 'message').then(([message]) => message as Measurement | { absent: string });
  return Promise.race([answered, exited]);
}
