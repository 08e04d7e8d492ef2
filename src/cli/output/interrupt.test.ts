/** In this process: the signals are not sent, only told. */
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Interrupted } from '../../errors.js';
import { endingOnSignals, interruptible } from './interrupt.js';

const never = () => new Promise<never>(() => undefined);
const counts = () => ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGXFSZ'].map(name => process.listenerCount(name));

describe('a command', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('is left where it is at %s', async signal => {
    const before = counts();
    const ended = endingOnSignals(never);
    process.emit(signal);
    await expect(ended).rejects.toThrow(new Interrupted('Interrupted.'));
    expect(counts()).toEqual(before);
  });

  it('comes to its own end in what must not be left half done', async () => {
    let isTidy = false;
    const ended = endingOnSignals(() =>
      interruptible(async signal => {
        await new Promise(resolve => signal.addEventListener('abort', resolve));
        await setTimeout(50);
        isTidy = true;
        throw new Interrupted('Interrupted. All is tidy.');
      }),
    );
    process.emit('SIGTERM');
    process.emit('SIGTERM'); // as timeout(1) sends it to a process, and to its group
    await expect(ended).rejects.toThrow('All is tidy');
    expect(isTidy).toBe(true);
  });

  it('is left where it is once that is over, and before', async () => {
    const ended = endingOnSignals(async () => {
      await interruptible(async () => undefined);
      await never();
    });
    await setTimeout(10);
    process.emit('SIGINT');
    await expect(ended).rejects.toThrow('Interrupted.');
  });

  it('that nobody asks to end does what it does, and leaves no handler', async () => {
    const before = counts();
    expect(await endingOnSignals(async () => interruptible(async signal => signal.aborted))).toBe(false);
    expect(counts()).toEqual(before);
  });
});
