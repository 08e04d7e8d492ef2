/** Workers that share the GPU, and one row of the table: each puts batches of so many prompts through it. */
import { z } from 'zod';
import { Child } from './child.js';
import type { MeasuredRow } from './figures.js';
import { PARAREL_PROMPTS } from './shapes.js';

export const workerArgumentSchema = z.object({
  /** The checkpoint. */
  folder: z.string(),
  layersTogether: z.boolean(),
});

/** To a worker. */
export const orderSchema = z.discriminatedUnion('order', [
  z.object({ order: z.literal('prepare'), prompts: z.number() }),
  z.object({ order: z.literal('work'), company: z.boolean() }),
  z.object({ order: z.literal('cease') }),
]);

export type Order = z.infer<typeof orderSchema>;

/** And its answers, to being started and to each order. */
const loadedSchema = z.object({ loaded: z.literal(true) });
const preparedSchema = z.object({
  dispatches: z.number(),
  buffers: z.number(),
  peakBytes: z.number(),
});
const timedSchema = z.object({ batches: z.number(), seconds: z.number(), cpuSeconds: z.number() });
const ceasedSchema = z.object({ ceased: z.literal(true) });

/** What one batch asks of the GPU. */
export type Prepared = z.infer<typeof preparedSchema>;
export type Timed = z.infer<typeof timedSchema>;

/** The processes live from row to row, since starting one takes as long as measuring; one that failed is replaced. */
export class Workers {
  private children: Child[] = [];

  /**
   * @param argument what each is told at its start
   * @param operations floating-point operations of a prompt
   * @param productRate TFLOPS
   */
  constructor(
    private readonly argument: z.infer<typeof workerArgumentSchema>,
    private readonly operations: number,
    private readonly productRate: number,
  ) {}

  /** @throws ChildFailed where one of them fails; all are ended then */
  async measure(workers: number, batch: number): Promise<MeasuredRow> {
    try {
      await this.growTo(workers);
      const [prepared] = await this.all(preparedSchema, { order: 'prepare', prompts: batch });
      const company = workers > 1;
      const timed = await this.all(timedSchema, { order: 'work', company });
      if (company) await this.all(ceasedSchema, { order: 'cease' });
      return rowOf(batch, prepared, timed, this.operations, this.productRate);
    } catch (error) {
      await this.end();
      throw error;
    }
  }

  async end(): Promise<void> {
    const children = this.children;
    this.children = [];
    await Promise.all(children.map(child => child.end()));
  }

  private async growTo(workers: number): Promise<void> {
    const added = Array.from({ length: workers - this.children.length }, () =>
      Child.start('worker-child', this.argument),
    );
    this.children.push(...added);
    await Promise.all(added.map(child => child.answer(loadedSchema)));
  }

  private all<T>(answer: z.ZodType<T>, order: Order): Promise<T[]> {
    return Promise.all(this.children.map(child => child.answer(answer, order)));
  }
}

/** @param timed of each worker, all in the same time */
export function rowOf(
  batch: number,
  { dispatches, buffers, peakBytes }: Prepared,
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
