import { UserError } from '../../errors.js';
import { holderText, type LockHolder } from './holder.js';
import { waitForLock } from './process-lock.js';

/** A file that this process alone downloads. */
export interface HeldDownload {
  /** @throws UserError where another process goes on with it by now */
  assertHeld(): void;
  release(): Promise<void>;
}

export interface WaitForDownload {
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
  /** Told once whose download is waited for. */
  readonly notice?: ((text: string) => void) | undefined;
}

/**
 * Waits until no other kn downloads the file: its result then serves this one too, so that whoever has waited looks again.
 * @param path of the file, beside which the lock lies
 * @param name in messages
 * @throws what {@link waitForLock} throws
 */
export async function holdDownload(
  path: string,
  name: string,
  { signal, notice }: WaitForDownload,
): Promise<HeldDownload> {
  const lock = await waitForLock(`${path}.lock`, {
    signal,
    onWait: (holder, seconds) => {
      const who = holder ? ` (${holderText(holder)}, since ${holder.since})` : '';
      notice?.(
        seconds === undefined
          ? `another kn${who} is fetching ${name}: waiting for it`
          : `another kn${who} was fetching ${name}: waiting up to ${seconds} s to see whether it lives`,
      );
    },
  });
  return {
    assertHeld() {
      const lost = lock.lost();
      if (lost) throw wentOn(name, lost.holder, lost.seconds);
    },
    release: () => lock.release(),
  };
}

function wentOn(name: string, holder: LockHolder | undefined, seconds: number): UserError {
  const who = holder ? ` (${holderText(holder)})` : '';
  return new UserError(
    `${name}: another kn${who} went on with its download while this one stood still for ${seconds} s`,
    'Run the same command again.',
  );
}
