import { describe, expect, it } from 'vitest';
import { OutOfMemoryError, UserError } from '../errors.js';
import { BatchMemory, loweredText, withinMemory } from './batch-memory.js';

function memoryOf(bytes: Record<string, number>) {
  const notices: string[] = [];
  const memory = new BatchMemory(new Map(Object.entries(bytes)), (...halved) =>
    notices.push(loweredText(...halved)),
  );
  return { memory, notices };
}

const full = new OutOfMemoryError('full', '');

describe("a device's memory for a batch", () => {
  it('is halved once for all its workers, and said once', () => {
    const { memory, notices } = memoryOf({ 'cuda:0': 800e6, cpu: 400e6 });
    expect(memory.halve('cuda:0', 800e6)).toBe(true);
    expect(memory.halve('cuda:0', 800e6)).toBe(true); // a second worker's batch of before
    expect(memory.of('cuda:0')).toBe(400e6);
    expect(memory.of('cpu')).toBe(400e6);
    expect(notices).toEqual(['cuda:0: memory is full; from here on batches of 400 MB']);
  });

  it('is at its end where there is nothing to halve', () => {
    const { memory, notices } = memoryOf({ cpu: 9e4 });
    expect(memory.halve('cpu', 9e4)).toBe(false);
    expect(notices).toEqual([]);
  });
});

describe('work within memory', () => {
  it('is done again with half the batch until it fits', async () => {
    const { memory } = memoryOf({ cpu: 800e6 });
    const tried: number[] = [];
    const done = await withinMemory(memory, 'cpu', async bytes => {
      tried.push(bytes);
      if (bytes > 150e6) throw full;
      return 'done';
    });
    expect(done).toBe('done');
    expect(tried).toEqual([800e6, 400e6, 200e6, 100e6]);
    expect(memory.of('cpu')).toBe(100e6);
  });

  it('knows full memory by what libtensorflow and Node say', async () => {
    for (const message of [
      'Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[1024,8192] and type float',
      'Array buffer allocation failed',
    ]) {
      const { memory } = memoryOf({ cpu: 2e6 });
      const work = withinMemory(memory, 'cpu', async bytes => {
        if (bytes === 2e6) throw new Error(message);
        return bytes;
      });
      expect(await work).toBe(1e6);
    }
  });

  it('fails where the smallest batch does not fit, or the engine is at its end, or for another reason', async () => {
    const failing = (error: Error) => {
      let times = 0;
      const work = withinMemory(memoryOf({ cpu: 1e6 }).memory, 'cpu', async () => {
        times++;
        throw error;
      });
      return work.catch(thrown => [thrown, times]);
    };
    expect(await failing(full)).toEqual([full, 5]); // 1 MB, 500, 250, 125, 62 kB
    const lasting = new OutOfMemoryError('full', '', true);
    expect(await failing(lasting)).toEqual([lasting, 1]);
    const other = new UserError('no such answer');
    expect(await failing(other)).toEqual([other, 1]);
  });
});
