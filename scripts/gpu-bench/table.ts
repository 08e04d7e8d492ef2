/** The figures as people read them. */
import { table } from '../../src/report/table.js';
import type { Accuracy, Figures, Row } from './figures.js';
import { PARAREL_PROMPTS, STEPS, TOKENS } from './shapes.js';

const HEAD = [
  'workers',
  'batch',
  's a prompt',
  'prompts/s',
  'TFLOPS',
  'share',
  'PARAREL, h',
  'dispatches',
  'buffers',
  'GPU MB',
  'cores',
];

const LEGEND = `batch: prompts that a worker puts through the GPU at once, each of ${TOKENS} tokens and ${STEPS} steps.
prompts/s: of all workers together, as all that follows but the three before the last: dispatches (programs that the GPU
runs) and buffers (made anew) are for each prompt, GPU MB is what one worker has at the most. share: of the product rate.
PARAREL, h: attributing all its ${PARAREL_PROMPTS.toLocaleString('en')} prompts, were each of this length; suppressing and enhancing come on top.
cores: kept busy; as many as workers where JavaScript sets the pace and not the GPU.`;

export function describeDevice({ gpu, device }: Figures): string {
  const { driver, products, productRate, engine } = device;
  const rows = products.map(({ rows, inner, columns, teraflops }) => [
    `[${rows}, ${inner}] x [${inner}, ${columns}]`,
    digits(teraflops),
  ]);
  return [
    `GPU: ${gpu}, driver: ${driver}`,
    `Engine: ${engine}`,
    '',
    ...table(['product', 'TFLOPS'], rows, 'right'),
    '',
    `Product rate, the fastest of these: ${digits(productRate)} TFLOPS`,
  ].join('\n');
}

export function describeAccuracy(accuracy: Accuracy): string {
  const { prompts, tolerance, passed } = accuracy;
  const [relative, largest] = [accuracy.relativeError, accuracy.largestError].map(
    error => error?.toExponential(1) ?? 'no number',
  );
  const verdict = passed ? `under ${tolerance}` : `NOT UNDER ${tolerance}: THIS GPU COMPUTES OTHER NUMBERS`;
  return (
    `Error against the wasm engine, ${prompts} prompts of the demo model: ${relative} of all scores' norm, ` +
    `${largest} of the largest score; ${verdict}`
  );
}

export function describeRows({
  shape,
  operationsPerPrompt,
  rows,
}: Pick<Figures, 'shape' | 'operationsPerPrompt' | 'rows'>): string {
  const left = rows.filter(row => row.state !== 'measured').map(row => `  ${describeRow(row)}`);
  return [
    `The shape of ${shape}, ${digits(operationsPerPrompt / 1e9)} GFLOP a prompt:`,
    '',
    ...table(HEAD, rows.map(cells), 'right'),
    '',
    ...(left.length > 0 ? ['Not measured:', ...left, ''] : []),
    LEGEND,
  ].join('\n');
}

/** One line, for whoever waits. */
export function describeRow(row: Row): string {
  const what = `${row.workers} ${row.workers === 1 ? 'worker' : 'workers'}, batch of ${row.batch}`;
  if (row.state !== 'measured') return `${what}: ${row.state}: ${row.why}`;
  return `${what}: ${digits(row.promptsPerSecond)} prompts/s, ${digits(row.teraflops)} TFLOPS`;
}

function cells(row: Row): string[] {
  const start = [`${row.workers}`, `${row.batch}`];
  if (row.state !== 'measured') return [...start, row.state, ...HEAD.slice(3).map(() => '-')];
  return [
    ...start,
    digits(row.secondsPerPrompt),
    digits(row.promptsPerSecond),
    digits(row.teraflops),
    row.share.toFixed(2),
    digits(row.hoursForPararel),
    row.dispatchesPerPrompt.toFixed(0),
    row.buffersPerPrompt.toFixed(1),
    (row.peakGpuBytes / 1e6).toFixed(0),
    row.busyCores.toFixed(1),
  ];
}

/** Three digits that count, without an exponent where the number is not tiny. */
function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : `${Number(value.toPrecision(3))}`;
}
