/** What a run will do, for people and for programs. */
import type { PlannedDevice, RunPlan } from '../experiment/run/plan.js';
import { skippedAndFailed } from '../experiment/run/reasons.js';
import { counted } from '../numbers.js';
import { megabytes } from '../runtime/batch-memory.js';
import { coloured } from './colour.js';
import { table } from './table.js';

/** One line: the facts themselves are counted, and not listed. */
export function planJson({ facts, skipped, ...plan }: RunPlan): string {
  return JSON.stringify({ ...plan, facts: { planned: facts.length, skipped } });
}

export function planText(plan: RunPlan): string[] {
  const { command, model, data, facts, skipped, work, devices, folder, files, notices } = plan;
  const selected = facts.length + skipped.length;
  const size = `${counted(model.layers, 'layer')} of ${model.intermediateSize} neurons, ${millions(model.parameters)} parameters`;
  return [
    coloured('bold', command, process.stdout),
    '',
    `${model.name}: ${size}`,
    `${data.name}: ${counted(facts.length, 'fact')} of ${counted(data.relations.length, 'relation')} to do, ${skipped.length} skipped`,
    ...skippedAndFailed({ selected, skipped, failed: [] }, '--dry-run --json'),
    ...notices,
    '',
    ...table(
      ['', 'facts', 'queries', 'resumed passes', 'GFLOP'],
      work.map(({ name, facts, queries, passes, operations }) => [
        name,
        ...[facts, queries, passes, operations && Math.round(operations / 1e9)].map(count),
      ]),
      'right',
    ),
    '',
    ...devices.map(deviceText),
    '',
    `Into ${folder}: ${files.join(', ')}`,
    'Nothing was computed or written; what the folder may already have was not looked at (--dry-run).',
  ];
}

function deviceText({ device, name, engine, workers, threads, batchBytes, memory }: PlannedDevice): string {
  return (
    `${device} (${name}): ${engine} engine, ${counted(workers, 'worker')} of ${counted(threads, 'thread')}, ` +
    `batches of ${megabytes(batchBytes)}, about ${megabytes(memory)} of memory`
  );
}

function count(number: number | null): string {
  return number === null ? 'as it comes' : number.toLocaleString('en');
}

function millions(number: number): string {
  return `${(number / 1e6).toPrecision(3)} million`;
}
