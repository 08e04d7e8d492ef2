/** Workers that share the GPU, and one row of the table: each puts batches of so many prompts through it. */
import { fileURLToPath } from 'node:url';
import { type Worker, WorkerPool } from '../../src/runtime/worker-pool.js';
import type { Demand } from './demand.js';
import type { MeasuredRow } from './figures.js';
import { PARAREL_PROMPTS, type Path } from './shapes.js';

/** What each is told at its start. */
export interface WorkerStart {
  /** The checkpoint. */
  readonly folder: string;
}

/** What a worker is to do. */
export interface BatchWork {
  readonly prompts: number;
  readonly path: Path;
}

/** Of a row. */
export interface Setting {
  readonly workers: number;
  /** Prompts that each of them puts through at once. */
  readonly batch: number;
  readonly path: Path;
}

export interface Timed {
  readonly batches: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

const SCRIPT = fileURLToPath(new URL('./worker-child.js', import.meta.url));

/** The processes live from row to row, since starting one takes as long as measuring; one that failed is replaced. */
export class Workers {
  private pool = new WorkerPool(SCRIPT);

  /** @param productRate TFLOPS */
  constructor(
    private readonly start: WorkerStart,
    private readonly productRate: number,
  ) {}

  /**
   * @param workers as many as in the row before, or more
   * @throws what one of them throws, or WorkerDied; all are ended then: an engine that failed once is not to be believed
   */
  async measure({ workers, batch, path }: Setting): Promise<MeasuredRow> {
    try {
      await this.growTo(workers);
      const work: BatchWork = { prompts: batch, path };
      const [demand] = await this.each(worker => worker.call<Demand>('prepare', work));
      let measuring = workers;
      const timed = await this.each(async worker => {
        const timed = await worker.call<Timed>('time', work);
        measuring--;
        // Goes on, so that none of the others, who may take longer, is measured with less company.
        while (measuring > 0) await worker.call('score', work);
        return timed;
      });
      return rowOf(work, demand, timed, this.productRate);
    } catch (error) {
      await this.end();
      throw error;
    }
  }

  async end(): Promise<void> {
    const { pool } = this;
    this.pool = new WorkerPool(SCRIPT);
    await pool.close();
  }

  private async growTo(workers: number): Promise<void> {
    const spec = { device: 'webgpu', start: this.start, environment: {} };
    await Promise.all(Array.from({ length: workers - this.pool.size }, () => this.pool.start(spec)));
  }

  /** Has every worker do something, all at the same time. */
  private each<Result>(work: (worker: Worker) => Promise<Result>): Promise<Result[]> {
    return Promise.all(Array.from({ length: this.pool.size }, () => this.pool.use(work)));
  }
}

/** @param timed of each worker, all in the same time */
export function rowOf(
  { prompts: batch, path }: BatchWork,
  { operations, dispatches, buffers, peakBytes }: Demand,
  timed: readonly Timed[],
  productRate: number,
): MeasuredRow {
  const sum = (of: (worker: Timed) => number) => timed.reduce((total, worker) => total + of(worker), 0);
  const promptsPerSecond = sum(({ batches, seconds }) => (batches * batch) / seconds);
  const operationsPerPrompt = operations / batch;
  const teraflops = (operationsPerPrompt * promptsPerSecond) / 1e12;
  return {
    state: 'measured',
    workers: timed.length,
    batch,
    path,
    operationsPerPrompt,
    promptsPerSecond,
    secondsPerPrompt: 1 / promptsPerSecond,
    teraflops,
    share: teraflops / productRate,
    hoursForPararel: PARAREL_PROMPTS / promptsPerSecond / 3600,
    dispatchesPerPrompt: dispatches / batch,
    buffersPerPrompt: buffers / batch,
    peakGpuBytes: peakBytes,
    busyCores: sum(({ cpuSeconds, seconds }) => cpuSeconds / seconds),
    timedBatches: sum(({ batches }) => batches),
  };
}
