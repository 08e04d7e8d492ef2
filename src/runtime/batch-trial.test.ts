import { describe, expect, it } from 'vitest';
import { OutOfMemoryError, UserError } from '../errors.js';
import { BatchMemory } from './batch-memory.js';
import { BatchTrial } from './batch-trial.js';
import { MemoryRelief } from './memory-relief.js';
import { WorkerDied } from './worker-pool.js';

/** Pieces of work on devices of one worker each, or of as many as are said; `fewer` and `smaller` are what was relieved. */
function workOn(bytes: Record<string, number>, workers: Record<string, number> = {}) {
  const lowered: (readonly [string, number, boolean])[] = [];
  const fewer: (readonly [string, number, boolean])[] = [];
  const kept = new Map(Object.keys(bytes).map(device => [device, workers[device] ?? 1]));
  const memory = new BatchMemory(new Map(Object.entries(bytes)), (...one) => lowered.push(one));
  const workforce = {
    workers: () => kept,
    hasTooMany: () => false,
    keep: (device: string, count: number) => void kept.set(device, count),
  };
  let counted: number | undefined;
  const relief = new MemoryRelief({
    ...{ workforce, memory, lack: 'there is too little' },
    onFewer: (...one) => fewer.push(one),
    kills: () => counted,
  });
  return {
    ...{ memory, lowered, fewer },
    /** What the system counts of its kills for memory from now on. */
    count: (kills: number | undefined) => {
      counted = kills;
    },
    piece: () => new BatchTrial(memory, relief),
  };
}

const killed = new WorkerDied('SIGKILL');
const aborted = new WorkerDied('SIGABRT');
const full = new OutOfMemoryError('full', '');

describe('a piece of work', () => {
  it('is tried with half the batch where memory was full, which counts as no try', () => {
    const { memory, piece, lowered } = workOn({ cpu: 400e6 });
    const trial = piece();
    trial.tryOn('cpu');
    expect(trial.failed('cpu', full)).toBe('again');
    expect(trial.tryOn('cpu')).toBe(200e6);
    expect(memory.of('cpu')).toBe(200e6);
    expect(lowered).toEqual([['cpu', 200e6, true]]);
  });

  it('halves a device once, though two pieces of work met its full memory', () => {
    const { memory, piece } = workOn({ cpu: 400e6 });
    const trials = [piece(), piece()];
    expect(trials.map(trial => trial.tryOn('cpu'))).toEqual([400e6, 400e6]);
    for (const trial of trials) expect(trial.failed('cpu', full)).toBe('again');
    expect(memory.of('cpu')).toBe(200e6);
  });

  it('is tried with an eighth where a library aborted, and the device keeps to what then fits, as a guess', () => {
    const { memory, piece, lowered } = workOn({ cpu: 400e6 });
    const trial = piece();
    trial.tryOn('cpu');
    expect(trial.failed('cpu', aborted)).toBe('counted');
    expect(trial.tryOn('cpu')).toBe(50e6);
    expect(memory.of('cpu')).toBe(400e6);
    trial.succeeded('cpu');
    expect(lowered).toEqual([['cpu', 50e6, false]]);
  });

  it('leaves other devices their batches', () => {
    const { memory, piece } = workOn({ 'cuda:0': 800e6, cpu: 400e6 });
    const trial = piece();
    trial.tryOn('cuda:0');
    trial.failed('cuda:0', aborted);
    expect(trial.tryOn('cpu')).toBe(400e6);
    trial.succeeded('cpu');
    expect([memory.of('cuda:0'), memory.of('cpu')]).toEqual([800e6, 400e6]);
  });

  it('keeps its batch where something else was wrong', () => {
    const { piece } = workOn({ cpu: 400e6 });
    const trial = piece();
    for (const reason of [new UserError('no such answer'), new WorkerDied('exit code 1')]) {
      trial.tryOn('cpu');
      expect(trial.failed('cpu', reason)).toBe('counted');
    }
    expect(trial.tryOn('cpu')).toBe(400e6);
  });
});

describe('a worker that is killed', () => {
  it('changes nothing however often a person kills, where the system counts its own kills', () => {
    const { piece, fewer, lowered, count } = workOn({ cpu: 400e6 }, { cpu: 2 });
    count(3);
    const trial = piece();
    for (let kill = 0; kill < 20; kill++) {
      expect(trial.tryOn('cpu')).toBe(400e6);
      expect(trial.failed('cpu', killed)).toBe('counted');
    }
    expect([...fewer, ...lowered]).toEqual([]);
  });

  it('for memory, as the system counts, leaves fewer workers, and with the last one smaller batches', () => {
    const { memory, piece, fewer, lowered, count } = workOn({ cpu: 400e6 }, { cpu: 8 });
    const trial = piece();
    const tried: number[] = [];
    for (let kills = 0; kills < 8; kills++) {
      count(kills);
      tried.push(trial.tryOn('cpu'));
      count(kills + 1);
      expect(trial.failed('cpu', killed)).toBe('again');
    }
    expect(fewer).toEqual([6, 4, 3, 2, 1].map(workers => ['cpu', workers, true]));
    expect(tried.slice(5)).toEqual([400e6, 100e6, 25e6]);
    // Nothing is smaller for good before it has succeeded.
    expect([memory.of('cpu'), lowered]).toEqual([400e6, []]);
    trial.tryOn('cpu');
    trial.succeeded('cpu');
    expect(lowered).toEqual([['cpu', 6.25e6, true]]);
  });

  it('leaves the device that has most workers fewer: all are in the same memory', () => {
    const { piece, fewer, count } = workOn({ 'cuda:0': 8e9, cpu: 400e6 }, { cpu: 4 });
    const trial = piece();
    count(0);
    trial.tryOn('cuda:0');
    count(1);
    trial.failed('cuda:0', killed);
    expect(fewer).toEqual([['cpu', 3, true]]);
  });

  it('takes what two pieces met as one: a smaller batch that nobody has tried is not made smaller again', () => {
    const { piece, count } = workOn({ cpu: 400e6 });
    const [one, other] = [piece(), piece()];
    count(0);
    for (const trial of [one, other]) trial.tryOn('cpu');
    count(2);
    for (const trial of [one, other]) expect(trial.failed('cpu', killed)).toBe('again');
    expect([one, other].map(trial => trial.tryOn('cpu'))).toEqual([100e6, 100e6]);
  });

  it('ends in too little memory where the smallest batch does not fit; others fail at once then, with the batch that was', () => {
    const { memory, piece, count } = workOn({ cpu: 400e6 });
    let kills = 0;
    const die = (trial: ReturnType<typeof piece>) => {
      count(kills);
      trial.tryOn('cpu');
      count(++kills);
      return trial.failed('cpu', killed);
    };
    const first = piece();
    const verdicts = Array.from({ length: 7 }, () => die(first));
    expect(verdicts).toEqual([...Array.from({ length: 6 }, () => 'again'), 'no memory']);
    expect(memory.of('cpu')).toBe(400e6);
    const second = piece();
    expect(second.tryOn('cpu')).toBe(400e6);
    expect(die(second)).toBe('no memory');
    // Where something is done again, there is hope again.
    second.tryOn('cpu');
    second.succeeded('cpu');
    expect(die(piece())).toBe('again');
  });
});

describe('a worker that is killed where nobody counts', () => {
  it('twice, with nothing done between, leaves fewer workers, as a guess; one piece or two', () => {
    const { piece, fewer, lowered } = workOn({ cpu: 400e6 }, { cpu: 2 });
    const [one, other] = [piece(), piece()];
    for (const trial of [one, other]) trial.tryOn('cpu');
    expect([one, other].map(trial => trial.failed('cpu', killed))).toEqual(['counted', 'again']);
    expect(fewer).toEqual([['cpu', 1, false]]);
    expect(lowered).toEqual([]);
  });

  it('is believed to be killed by a person where work is done between', () => {
    const { piece, fewer, lowered } = workOn({ cpu: 400e6 }, { cpu: 2 });
    for (let kill = 0; kill < 20; kill++) {
      const trial = piece();
      trial.tryOn('cpu');
      expect(trial.failed('cpu', killed)).toBe('counted');
      trial.tryOn('cpu');
      trial.succeeded('cpu');
    }
    expect([...fewer, ...lowered]).toEqual([]);
  });

  it('three times, and the last of its device, is tried with less, which is no more than a guess where it succeeds', () => {
    const { piece, lowered } = workOn({ cpu: 400e6 });
    const trial = piece();
    const verdicts = Array.from({ length: 3 }, () => {
      trial.tryOn('cpu');
      return trial.failed('cpu', killed);
    });
    expect(verdicts).toEqual(['counted', 'counted', 'again']);
    expect(trial.tryOn('cpu')).toBe(100e6);
    trial.succeeded('cpu');
    expect(lowered).toEqual([['cpu', 100e6, false]]);
  });
});
