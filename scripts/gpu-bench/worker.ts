/** Workers that share the GPU, and one row of the table: each puts batches of so many prompts through it. */
import { fileURLToPath } from 'node:url';
import { type Worker, WorkerPool } from '../../src/runtime/worker-pool.js';
import type { Demand } from './demand.js';
import type { MeasuredRow } from './figures.js';
import { PARAREL_PROMPTS } from './shapes.js';

/** What each is told at its start. */
export interface WorkerStart {
  /** The checkpoint. */
  readonly folder: string;
  readonly layersTogether: boolean;
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

  /**
   * @param operations floating-point operations of a prompt
   * @param productRate TFLOPS
   */
  constructor(
    private readonly start: WorkerStart,
    private readonly operations: number,
    private readonly productRate: number,
  ) {}

  /**
   * @param workers as many as in the row before, or more
   * @throws what one of them throws, or WorkerDied; all are ended then: an engine that failed once is not to be believed
   */
  async measure(workers: number, batch: number): Promise<MeasuredRow> {
    try {
      await this.growTo(workers);
      const [demand] = await this.each(worker => worker.call<Demand>('prepare', batch));
      let measuring = workers;
      const timed = await this.each(async worker => {
        const timed = await worker.call<Timed>('time', batch);
        measuring--;
        // Goes on, so that none of the others, who may take longer, is measured with less company.
        while (measuring > 0) await worker.call('attribute', batch);
        return timed;
      });
      return rowOf(batch, demand, timed, this.operations, this.productRate);
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
  batch: number,
  { dispatches, buffers, peakBytes }: Demand,
  timed: readonly Timed[],
  operations: number,
  productRate: number,
): MeasuredRow {
  const sum = (of: (worker: Timed) => number) => timed.reduce((total, worker) => total + of(worker), 0);
  const promptsPerSecond = sum(({ batches, seconds }) => (batches * batch) / seconds);
  const teraflops = (operations * promptsPerSecond) / 1e12;
  return {
    state: 'measured',
    workers: timed.length,
    batch,
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
