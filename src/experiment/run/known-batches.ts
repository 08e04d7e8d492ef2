import type { RecordedPlan } from './settings.js';

/**
 * What earlier sessions found to fit where memory was full, so that a device is not filled to the brim each time. What was too
 * large for some workers is so for more of them. What was guessed is not taken over: two kills by a person are no full memory.
 * @returns bytes of a batch; Infinity where nothing is known
 */
export function knownToFit(now: RecordedPlan, earlier: readonly RecordedPlan[]): number {
  const same = (['device', 'name', 'engine'] as const).map(key => [key, now[key]] as const);
  const found = earlier.filter(
    then =>
      then.memory_was_full &&
      then.workers <= now.workers &&
      same.every(([key, value]) => then[key] === value),
  );
  return Math.min(...found.map(({ batch_bytes }) => batch_bytes), Number.POSITIVE_INFINITY);
}
