import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.js';
import type { Device } from './devices/device.js';
import type { EngineName } from './engine-names.js';
import { startFleet } from './fleet.js';
import { type ReadyingWorkers, WorkerDied, WorkerPool, type WorkerSpec } from './worker-pool.js';

const script = fileURLToPath(new URL('../testing/pool-worker.mjs', import.meta.url));

/** A processor with two engines, whose first workers die as they start. */
function startDying(
  how: {
    readonly signal: string;
    readonly times: number;
    readonly kills?: () => number | undefined;
    /** Default: 1. */
    readonly workers?: number;
  },
  Pool = WorkerPool,
) {
  const starts = join(temporaryFolder(), 'starts');
  const environment = {
    KN_TEST_STARTS: starts,
    KN_TEST_DEATHS: String(how.times),
    KN_TEST_SIGNAL: how.signal,
  };
  const device: Device = {
    ...{ kind: 'cpu', id: 'cpu', name: 'made up', memory: null, software: false },
    engines: ['tensorflow', 'wasm'],
    environment,
  };
  const pool = new Pool(script);
  onTestFinished(() => pool.close());
  const notices: string[] = [];
  const plans = startFleet(pool, {
    chosen: { sets: [[device]], notices: [] },
    asked: { workers: how.workers ?? 1 },
    parameters: 1e6,
    startOf: (_, engine: EngineName) => engine,
    notice: text => notices.push(text),
    ...(how.kills && { kills: how.kills }),
  });
  return { plans, notices, pool, started: () => readFileSync(starts, 'utf8').trim().split('\n') };
}

/** The first worker of such a pool dies as it starts; `order` has what was asked of the pool. */
function poolWhoseFirstDies(signal: string) {
  const order: string[] = [];
  class Pool extends WorkerPool {
    override start<Ready>(spec: WorkerSpec): Promise<Ready> {
      const isFirst = !order.includes('start');
      order.push('start');
      return isFirst ? Promise.reject(new WorkerDied(signal)) : super.start(spec);
    }
    override prepare(specs: readonly WorkerSpec[]): ReadyingWorkers {
      order.push(`prepare ${specs.length}`);
      const { admit, close } = super.prepare(specs);
      const told = () => {
        order.push('close');
        return close();
      };
      return { admit, close: told };
    }
  }
  return { order, Pool };
}

describe('a worker that dies as it starts', () => {
  it.each(['SIGKILL', 'SIGTERM', 'SIGHUP'])('of %s is started again, on the same engine', async signal => {
    const { plans, notices, started } = startDying({ signal, times: 2 });
    expect(await plans).toHaveLength(1);
    expect(started()).toEqual(['"tensorflow"', '"tensorflow"', '"tensorflow"']);
    expect(notices).toEqual([]);
  });

  it('of full memory, as the system counts, is tried on no other engine, and it is said how much there is', async () => {
    let kills = 0;
    const { plans, notices, started } = startDying({ signal: 'SIGKILL', times: 9, kills: () => kills++ });
    await expect(plans).rejects.toThrow(
      /^cpu: a worker of the tensorflow engine was killed as it loaded the model, since memory is full: the model needs about 0\.20 GB on the tensorflow engine, and this .* [\d.]+ GB of memory$/,
    );
    expect(started()).toEqual(['"tensorflow"', '"tensorflow"', '"tensorflow"']);
    expect(notices).toEqual([]);
  });

  it('of a signal of its own leaves the device to the next engine at once, and that is said', async () => {
    const { plans, notices, started } = startDying({ signal: 'SIGABRT', times: 1 });
    await plans;
    expect(started()).toEqual(['"tensorflow"', '"wasm"']);
    expect(notices).toEqual(['cpu: a worker of the tensorflow engine died as it loaded the model (SIGABRT)']);
  });

  it('is started again alone, and the others after it', async () => {
    const { order, Pool } = poolWhoseFirstDies('SIGKILL');
    const { plans, pool, started } = startDying({ signal: 'SIGKILL', times: 0, workers: 3 }, Pool);
    await plans;
    expect(order).toEqual(['prepare 2', 'start', 'close', 'start', 'prepare 2']);
    expect(pool.size).toBe(3);
    expect(started().every(engine => engine === '"tensorflow"')).toBe(true);
  });

  it('leaves the device to the next engine with those that got ready beside it', async () => {
    const { order, Pool } = poolWhoseFirstDies('SIGABRT');
    const { plans, pool } = startDying({ signal: 'SIGABRT', times: 0, workers: 3 }, Pool);
    expect((await plans)[0].engine).toBeDefined();
    expect(order).toEqual(['prepare 2', 'start', 'close', 'prepare 2', 'start']);
    expect(pool.size).toBe(3);
    expect(await pool.call('whoami', null)).toMatchObject({ start: 'wasm' });
  });

  it('again and again leaves it to the next engine too', async () => {
    const { plans, notices, started } = startDying({ signal: 'SIGKILL', times: 3 });
    await plans;
    expect(started()).toEqual(['"tensorflow"', '"tensorflow"', '"tensorflow"', '"wasm"']);
    expect(notices).toHaveLength(1);
  });
});
