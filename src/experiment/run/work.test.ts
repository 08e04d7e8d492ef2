/** How pieces come to workers, with a real pool whose worker's tasks say what becomes of them. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BatchMemory } from '../../runtime/batch-memory.js';
import { MemoryRelief } from '../../runtime/memory-relief.js';
import { WorkerPool } from '../../runtime/worker-pool.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { FACT_RECORDS } from '../facts/record.js';
import { Journal } from './journal.js';
import { doWork, type Piece, type WorkProgress } from './work.js';

const WORKER = fileURLToPath(new URL('../../testing/work-worker.mjs', import.meta.url));

/**
 * Does pieces, some of which have an end of their own, on workers that take `atOnce` of them in a call.
 * @param done places of those that are done already
 */
async function work(
  ends: readonly (string | null)[],
  atOnce: number,
  workers = 1,
  kills?: () => number | undefined,
  done: readonly number[] = [],
) {
  const pool = new WorkerPool(WORKER);
  pool.add(Array.from({ length: workers }, () => ({ device: 'gpu', start: null, environment: {} })));
  const journal = await Journal.open(join(temporaryFolder(), 'journal.jsonl'), FACT_RECORDS);
  onTestFinished(async () => {
    journal.close();
    await pool.close();
  });
  const open = [...ends.entries()].flatMap(([place, end]): Piece[] => {
    if (done.includes(place)) return [];
    const uuid = `fact ${place}`;
    const task = () => ({ task: { uuid, end }, prompts: 2 });
    return [{ uuid, relation: 'P36', method: 'runFact', place, task }];
  });
  const progress: WorkProgress[] = [];
  const lowered: number[] = [];
  const fewer: number[] = [];
  const batchMemory = new BatchMemory(new Map([['gpu', 4e6]]), (_, bytes) => lowered.push(bytes));
  const failed = await doWork({
    ...{ open, pool, journal, batchMemory },
    done: 10,
    memoryRelief: new MemoryRelief({
      ...{ workforce: pool, memory: batchMemory, lack: 'there is too little' },
      onFewer: (_, workers) => fewer.push(workers),
      ...(kills && { kills }),
    }),
    together: method => (method === 'runFact' ? atOnce : 1),
    signal: new AbortController().signal,
    onProgress: one => progress.push(one),
  });
  const neuronOf = (i: number) => journal.get(`fact ${i}`)?.neurons?.[0];
  return {
    failed,
    neurons: ends.map((_, i) => neuronOf(i)),
    last: progress[progress.length - 1],
    lowered,
    fewer,
    pool,
  };
}

const nothing = (count: number) => Array.from({ length: count }, () => null);

describe('work', () => {
  it('goes to a worker in as many pieces at once as go together, each once', async () => {
    const { neurons, failed, last } = await work(nothing(7), 3);
    expect(neurons.map(neuron => neuron?.[0])).toEqual([3, 3, 3, 3, 3, 3, 1]);
    expect(failed).toEqual([]);
    expect(last).toMatchObject({ facts: 17, done: 17, failed: 0, session: { facts: 7, prompts: 14 } });
  });

  it.each([1, 2, 3])('goes in the same calls to %d workers', async workers => {
    const { neurons } = await work(nothing(8), 3, workers);
    expect(neurons.map(neuron => neuron?.[0])).toEqual([3, 3, 3, 3, 3, 3, 2, 2]);
  });

  it('goes in the calls that it would have gone in, whatever is done already', async () => {
    const { neurons } = await work(nothing(8), 3, 2, undefined, [0, 1, 2, 4]);
    expect(neurons.map(neuron => neuron?.[0])).toEqual([
      ...[undefined, undefined, undefined],
      ...[2, undefined, 2],
      ...[2, 2],
    ]);
  });

  it('that fails at one of several pieces is done for the others, each by itself', async () => {
    const { neurons, failed, last } = await work([null, 'fail', null, null, null], 4);
    expect(neurons.map(neuron => neuron?.[0])).toEqual([1, undefined, 1, 1, 1]);
    expect(failed).toEqual([{ uuid: 'fact 1', relation: 'P36', error: 'this fact fails' }]);
    expect(last).toMatchObject({ done: 14, failed: 1 });
  });

  it('at which a worker dies is done for the others too', async () => {
    const { neurons, failed } = await work([null, null, 'die', null], 4);
    expect(neurons.map(neuron => neuron?.[0])).toEqual([1, 1, undefined, 1]);
    expect(failed).toEqual([{ uuid: 'fact 2', relation: 'P36', error: 'the worker died (SIGKILL)' }]);
  });

  it('for which memory is full stays together, in smaller batches', async () => {
    const { neurons, failed, lowered } = await work([null, 'fill above 1e6', null], 3);
    expect(lowered).toEqual([2e6, 1e6]);
    expect(neurons).toEqual(nothing(3).map(() => [3, 1e6]));
    expect(failed).toEqual([]);
  });

  it('for which no memory is small enough fails where it is at fault', async () => {
    const { neurons, failed } = await work([null, 'fill'], 2);
    expect(neurons[0]?.[0]).toBe(1);
    expect(failed).toEqual([{ uuid: 'fact 1', relation: 'P36', error: 'memory is full' }]);
  });

  /** Each worker that is killed is one that the system counts. */
  const counting = () => {
    let kills = 0;
    return () => kills++;
  };

  it.each([
    ['the system counts', counting()],
    ['nobody counts', () => undefined],
  ])(
    'at which workers are killed for memory is done by fewer, in smaller batches: no fact fails where %s',
    async (_, kills) => {
      const ends = ['die above 1e6', null, 'die above 1e6', 'die above 1e6', null, null];
      const { failed, fewer, lowered, neurons } = await work(ends, 1, 2, kills);
      expect(failed).toEqual([]);
      expect(fewer).toEqual([1]);
      expect(lowered).toEqual([1e6]);
      expect(neurons.every(neuron => neuron !== undefined)).toBe(true);
    },
  );

  it('for which memory does not suffice stops, and says that it is that', async () => {
    const ends = Array.from({ length: 8 }, () => 'die');
    await expect(work(ends, 1, 2, counting())).rejects.toThrow(
      'the first 5 facts all failed, the last because: memory is full for one worker, in the smallest batches too: there is too little',
    );
  });

  it('ends where a task cannot be made', async () => {
    const pool = new WorkerPool(WORKER);
    pool.add([{ device: 'gpu', start: null, environment: {} }]);
    const journal = await Journal.open(join(temporaryFolder(), 'journal.jsonl'), FACT_RECORDS);
    onTestFinished(async () => {
      journal.close();
      await pool.close();
    });
    const broken = () => {
      throw new Error('the data set is gone');
    };
    const batchMemory = new BatchMemory(new Map(), () => undefined);
    const run = doWork({
      open: [{ uuid: 'fact', relation: 'P36', method: 'runFact', task: broken }],
      done: 0,
      ...{ pool, journal },
      ...{
        batchMemory,
        memoryRelief: new MemoryRelief({
          workforce: pool,
          memory: batchMemory,
          onFewer: () => undefined,
          lack: '',
        }),
      },
      together: () => 2,
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
    await expect(run).rejects.toThrow('the data set is gone');
  });
});
