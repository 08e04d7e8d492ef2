/** The figures as people read them. */
import { table } from '../../src/report/table.js';
import type { Accuracy, Figures, Row } from './figures.js';
import { PARAREL_PROMPTS, PATHS, type Path, STEPS, TOKENS } from './shapes.js';
import type { Setting } from './worker.js';

const HEAD = [
  'workers',
  'batch',
  'path',
  'GFLOP',
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
path: exact, every step of the rule; interpolated, as few points as a threshold of 0.3 takes. GFLOP: of a prompt's products, counted as they ran.
Weights are random: a trained model's prompts take more or fewer points (docs/quadrature.md).
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

export function describeRows({ shape, rows }: Pick<Figures, 'shape' | 'rows'>): string {
  const left = rows.filter(row => row.state !== 'measured').map(row => `  ${describeRow(row)}`);
  return [
    `The shape of ${shape}:`,
    '',
    ...table(HEAD, rows.map(cells), 'right'),
    '',
    ...(left.length > 0 ? ['Not measured:', ...left, ''] : []),
    LEGEND,
    '',
    ...PATHS.flatMap(path => describeBest(path, rows)),
  ].join('\n');
}

/** What a path comes to at the best: no line where it was not measured. */
function describeBest(path: Path, rows: readonly Row[]): string[] {
  const measured = rows.filter(row => row.state === 'measured').filter(row => row.path === path);
  if (measured.length === 0) return [];
  const best = measured.reduce((best, row) => (row.promptsPerSecond > best.promptsPerSecond ? row : best));
  return [
    `All of PARAREL by the ${path} path: ${digits(best.hoursForPararel)} h at the best, ` +
      `${describeSetting(best)}, ${digits(best.teraflops)} TFLOPS.`,
  ];
}

/** One line, for whoever waits. */
export function describeRow(row: Row): string {
  const what = `${describeSetting(row)}, ${row.path} path`;
  if (row.state !== 'measured') return `${what}: ${row.state}: ${row.why}`;
  return `${what}: ${digits(row.promptsPerSecond)} prompts/s, ${digits(row.teraflops)} TFLOPS`;
}

function describeSetting({ workers, batch }: Setting): string {
  return `${workers} ${workers === 1 ? 'worker' : 'workers'}, batch of ${batch}`;
}

function cells(row: Row): string[] {
  const start = [`${row.workers}`, `${row.batch}`, row.path];
  if (row.state !== 'measured') return [...start, row.state, ...HEAD.slice(start.length + 1).map(() => '-')];
  return [
    ...start,
    digits(row.operationsPerPrompt / 1e9),
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
