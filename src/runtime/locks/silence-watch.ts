/** Whether a holder that cannot be asked lives: one that does touches its lock in time. */
import { randomUUID } from 'node:crypto';
import { stat, unlink, writeFile } from 'node:fs/promises';
import type { Signature } from './lock-file.js';

/** In milliseconds. */
export interface LockTimes {
  /** Between two touches of a lock that is held. */
  readonly touch: number;
  /** How long a lock has to be silent to be taken from a holder that cannot be asked. */
  readonly silence: number;
}

export const LOCK_TIMES: LockTimes = { touch: 5_000, silence: 60_000 };

export type Seen =
  | { readonly is: 'touched' | 'silent' }
  /** How long yet, at the most. */
  | { readonly is: 'waiting'; readonly ms: number };

/**
 * Looks at a lock time and again. No clock is compared with another host's. How long it has been silent already is the
 * difference of two times of the file system's own, and even so it is watched for more than two touches: clocks jump, and a
 * machine that slept may be about to touch it. Only time that passes while somebody looks counts.
 */
export class SilenceWatch {
  private texts: string | undefined;
  private touches = '';
  private needed = 0;
  private waited = 0;
  private lookedAt = 0;

  constructor(
    private readonly path: string,
    private readonly times: LockTimes,
  ) {}

  /** Between two looks. */
  get interval(): number {
    return Math.min(1000, this.times.touch / 5);
  }

  /**
   * @param line of the lock's holder and those who were about to succeed it; each of them may live
   * @throws a system error where no file can be made beside the lock
   */
  async look(line: readonly Pick<Signature, 'text' | 'touched'>[]): Promise<Seen> {
    const now = performance.now();
    const texts = line.map(({ text }) => text).join('\n');
    const touches = line.map(({ touched }) => touched).join();
    const begun = texts !== this.texts;
    if (begun) {
      const age = (await this.fileSystemTime()) - Math.max(...line.map(({ touched }) => touched));
      const { touch, silence } = this.times;
      this.needed = age < 0 ? silence : Math.max(silence - age, 2.5 * touch);
      [this.texts, this.touches, this.waited] = [texts, touches, 0];
    } else {
      if (touches !== this.touches) return { is: 'touched' };
      // A process that was stopped itself has seen nothing meanwhile.
      this.waited += Math.min(now - this.lookedAt, 2 * this.interval);
      if (this.waited >= this.needed) return { is: 'silent' };
    }
    this.lookedAt = now;
    return { is: 'waiting', ms: this.needed - this.waited };
  }

  /** Now, by the clock that stamps files here. In milliseconds. */
  private async fileSystemTime(): Promise<number> {
    const own = `${this.path}.${randomUUID()}`;
    try {
      await writeFile(own, 'now', { flag: 'wx' });
      return (await stat(own)).mtimeMs;
    } finally {
      await unlink(own).catch(() => undefined);
    }
  }
}
