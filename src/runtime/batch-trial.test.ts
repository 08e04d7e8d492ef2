import { describe, expect, it } from 'vitest';
import { OutOfMemoryError, UserError } from '../errors.js';
import { BatchMemory } from './batch-memory.js';
import { BatchTrial } from './batch-trial.js';
import { WorkerDied } from './worker-pool.js';

/** @param kills what the system counts of its kills for memory; undefined where it does not */
function trialOf(bytes: Record<string, number>, kills: () => number | undefined = () => undefined) {
  const memory = new BatchMemory(new Map(Object.entries(bytes)), () => undefined);
  return { memory, trial: new BatchTrial(memory, kills) };
}

describe('a piece of work', () => {
  it('is tried with half the batch where memory was full, which counts as no try', () => {
    const { memory, trial } = trialOf({ cpu: 400e6 });
    trial.tryOn('cpu');
    expect(trial.failed('cpu', new OutOfMemoryError('full', ''))).toBe(true);
    expect(trial.tryOn('cpu')).toBe(200e6);
    expect(memory.of('cpu')).toBe(200e6);
  });

  it('halves a device once, though two pieces of work met its full memory', () => {
    const { memory, trial } = trialOf({ cpu: 400e6 });
    const other = new BatchTrial(memory);
    const tried = [trial.tryOn('cpu'), other.tryOn('cpu')];
    expect(tried).toEqual([400e6, 400e6]);
    for (const one of [trial, other]) expect(one.failed('cpu', new OutOfMemoryError('full', ''))).toBe(true);
    expect(memory.of('cpu')).toBe(200e6);
  });

  it('is tried with an eighth where a library aborted, and the device keeps to what then fits', () => {
    const { memory, trial } = trialOf({ cpu: 400e6 });
    expect(trial.failed('cpu', new WorkerDied('SIGABRT'))).toBe(false);
    expect(trial.tryOn('cpu')).toBe(50e6);
    expect(memory.of('cpu')).toBe(400e6);
    trial.succeeded('cpu');
    expect(memory.of('cpu')).toBe(50e6);
  });

  it('leaves other devices their batches', () => {
    const { memory, trial } = trialOf({ 'cuda:0': 800e6, cpu: 400e6 });
    trial.failed('cuda:0', new WorkerDied('SIGABRT'));
    expect(trial.tryOn('cpu')).toBe(400e6);
    trial.succeeded('cpu');
    expect([memory.of('cuda:0'), memory.of('cpu')]).toEqual([800e6, 400e6]);
  });

  it('is tried with the same batch however often a person kills, where the system counts its own kills', () => {
    const { trial } = trialOf({ cpu: 400e6 }, () => 3);
    for (let kill = 0; kill < 3; kill++) {
      trial.tryOn('cpu');
      expect(trial.failed('cpu', new WorkerDied('SIGKILL'))).toBe(false);
    }
    expect(trial.tryOn('cpu')).toBe(400e6);
  });

  it('is tried with less at once where the system killed for memory', () => {
    let kills = 3;
    const { memory, trial } = trialOf({ cpu: 400e6 }, () => kills);
    trial.tryOn('cpu');
    kills++;
    trial.failed('cpu', new WorkerDied('SIGKILL'));
    expect(trial.tryOn('cpu')).toBe(50e6);
    trial.failed('cpu', new WorkerDied('SIGKILL')); // by hand: none was counted meanwhile
    expect(trial.tryOn('cpu')).toBe(50e6);
    trial.succeeded('cpu');
    expect(memory.of('cpu')).toBe(50e6);
  });

  it('is tried with less after two kills where the system counts none', () => {
    const { trial } = trialOf({ cpu: 400e6 });
    trial.failed('cpu', new WorkerDied('SIGKILL'));
    expect(trial.tryOn('cpu')).toBe(400e6);
    trial.failed('cpu', new WorkerDied('SIGKILL'));
    expect(trial.tryOn('cpu')).toBe(50e6);
  });

  it('keeps its batch where something else was wrong', () => {
    const { trial } = trialOf({ cpu: 400e6 });
    expect(trial.failed('cpu', new UserError('no such answer'))).toBe(false);
    expect(trial.failed('cpu', new WorkerDied('exit code 1'))).toBe(false);
    expect(trial.tryOn('cpu')).toBe(400e6);
  });
});
