/** All that the benchmark measures, one after the other, until its time is up. */
import { join } from 'node:path';
import { countOperations } from '../../src/attribution/count-operations.js';
import { refusedFile } from '../../src/errors.js';
import { bert } from '../../src/model/encoder/bert.js';
import { VERSION } from '../../src/version.js';
import { type BERT_BASE, writeRandomBert } from '../bench/random-checkpoint.js';
import { before, inTime } from './deadline.js';
import { findGpu } from './drivers.js';
import type { Figures, Row } from './figures.js';
import { describeMachine } from './machine.js';
import type { Options } from './options.js';
import { compareWithWasm, measureProducts, productShapes } from './probes.js';
import { PARAREL_PROMPTS, PATHS, RULE, SHAPES, STEPS, TOKENS } from './shapes.js';
import { describeAccuracy } from './table.js';
import { type Setting, Workers } from './worker.js';

export interface Listener {
  progress(line: string): void;
  /** After each row, with all that is there by then. */
  measured(row: Row, figures: Figures): void;
}

const TIME_UP = 'the time was up (--minutes)';

/**
 * @param folder a temporary one
 * @throws UserError where there is no GPU, or it does nothing
 */
export async function measureAll(options: Options, folder: string, listener: Listener): Promise<Figures> {
  const { shape, batches, workers } = options;
  const deadline = performance.now() + 60_000 * options.minutes;
  const config = SHAPES[shape];
  const measures = bert.parseConfig(config, shape);

  const { adapter, how, lent } = await findGpu();
  listener.progress(`${adapter.name}, found by ${how}`);
  const checkpoint = join(folder, 'checkpoint');
  listener.progress(`Comparing its numbers with wasm's, and writing random weights to ${checkpoint} ...`);
  const [accuracy] = await inTime(
    deadline,
    Promise.all([compareWithWasm(), writeWeights(checkpoint, config)]),
  );
  listener.progress(describeAccuracy(accuracy));
  listener.progress('Multiplying matrices ...');
  const products = productShapes(batches, TOKENS * STEPS, measures);
  const device = await inTime(deadline, measureProducts(adapter, products));

  const rows: Row[] = [];
  const figures: Figures = {
    version: VERSION,
    node: process.version,
    gpu: adapter.name,
    found: how,
    machine: describeMachine(lent),
    accuracy,
    device,
    shape,
    tokens: TOKENS,
    steps: STEPS,
    rule: RULE,
    exactOperationsPerPrompt: countOperations(measures, TOKENS, RULE, STEPS).total,
    pararelPrompts: PARAREL_PROMPTS,
    rows,
  };
  const crew = new Workers({ folder: checkpoint }, device.productRate);
  try {
    for (const setting of settings(workers, batches)) {
      const row = await rowOf(crew, setting, deadline);
      rows.push(row);
      listener.measured(row, figures);
    }
  } finally {
    await crew.end();
  }
  return figures;
}

/** In the order of the table: the paths of a batch one after the other, since they are compared. */
function settings(workers: readonly number[], batches: readonly number[]): Setting[] {
  return workers.flatMap(workers => batches.flatMap(batch => PATHS.map(path => ({ workers, batch, path }))));
}

async function writeWeights(folder: string, config: typeof BERT_BASE): Promise<void> {
  try {
    await writeRandomBert(folder, config);
  } catch (error) {
    throw refusedFile(folder, 'written', error, 'Let TMPDIR name a folder with room for 450 MB.');
  }
}

/** A row that fails, by too little memory for one, is a row all the same. */
async function rowOf(crew: Workers, row: Setting, deadline: number): Promise<Row> {
  if (performance.now() >= deadline) return { ...row, state: 'skipped', why: TIME_UP };
  try {
    const measured = await before(deadline, crew.measure(row));
    if (measured) return measured;
    await crew.end();
    return { ...row, state: 'skipped', why: TIME_UP };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { ...row, state: 'failed', why: error.message };
  }
}
