import { setTimeout } from 'node:timers/promises';
import { NetworkFault } from './fault.js';

/** How long is waited for an answer. All times in milliseconds. */
export interface Patience {
  /** How often a question is asked, at most. */
  readonly tries: number;
  /** Before the second try; each later wait is twice the one before. */
  readonly firstWait: number;
  /** That a server may ask for; one that asks for more is not waited for. */
  readonly longestWait: number;
  /** Without a word, of a server that was asked or in the middle of its answer. */
  readonly silence: number;
  /** From a question to the last word of its answer, however steadily it drips. A file may take as long as it takes. */
  readonly whole: number;
}

/** The hub counts requests in windows of five minutes, and asks to wait for the next one. */
export const PATIENT: Patience = {
  tries: 5,
  firstWait: 1000,
  longestWait: 330_000,
  silence: 60_000,
  whole: 300_000,
};

/** Where there is something to go on with, whatever the answer. */
export const HASTY: Patience = { tries: 1, firstWait: 0, longestWait: 0, silence: 10_000, whole: 15_000 };

/** That, or less where others wait for less. */
export function hastily({ silence, whole }: Patience): Patience {
  return { ...HASTY, silence: Math.min(silence, HASTY.silence), whole: Math.min(whole, HASTY.whole) };
}

/** Who waits for an answer. */
export interface Asker {
  /** Default: {@link PATIENT}. */
  readonly patience?: Patience;
  /** Ends the waiting, and the request. */
  readonly signal?: AbortSignal;
  /** Told, once, that it takes longer and why; default: nobody. */
  notice?(text: string): void;
}

/**
 * Tries until it works, or fails in a way that will not pass.
 * @param host for the notice
 * @param gained whether the try that just failed brought so much that the count of tries begins again
 * @throws NetworkFault of the last try; the signal's reason once that is aborted
 */
export async function withPatience<T>(
  host: string,
  { patience = PATIENT, signal, notice }: Asker,
  attempt: () => Promise<T>,
  gained: () => boolean = () => false,
): Promise<T> {
  let told = false;
  for (let failed = 0; ; ) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof NetworkFault)) throw error;
      const { passes, nobodyThere } = error.facts;
      if (!passes && !(nobodyThere && failed > 0)) throw error;
      if (gained()) failed = 0;
      failed++;
      const wait = waitAfter(error, failed, patience);
      if (failed >= patience.tries || wait === undefined) throw last(error, failed, wait === undefined);
      const what = error.facts.status === undefined ? `: ${error.message}` : ` answers with ${error.message}`;
      if (!told) notice?.(`${host}${what}: trying again in ${seconds(wait)}`);
      told = true;
      await setTimeout(wait, undefined, { ...(signal && { signal }) }).catch(() => undefined);
    }
  }
}

function last(error: NetworkFault, tries: number, tooLong: boolean): NetworkFault {
  const more = tooLong
    ? `, and asks to wait ${seconds(askedWait(error) ?? 0)}`
    : tries > 1
      ? `, tried ${tries} times`
      : '';
  return new NetworkFault(`${error.message}${more}`, error.facts, { cause: error });
}

/** Half of it by chance, so that many who were refused at once do not come back at once. Undefined: longer than is waited. */
function waitAfter(error: NetworkFault, failed: number, patience: Patience): number | undefined {
  const own = patience.firstWait * 2 ** (failed - 1) * (0.5 + Math.random() / 2);
  const asked = askedWait(error) ?? 0;
  return asked > patience.longestWait ? undefined : Math.max(asked, own);
}

/** By Retry-After, in seconds or as a date, or by the hub's own RateLimit: `"api";r=0;t=55`. In milliseconds. */
export function askedWait({ facts: { headers = {} } }: NetworkFault, now = Date.now()): number | undefined {
  const after = headers['retry-after']?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(after)) return 1000 * Number(after);
  const date = Date.parse(after);
  if (!Number.isNaN(date)) return Math.max(0, date - now);
  const reset = /;\s*r=0\s*;\s*t=(\d+)/.exec(headers.ratelimit ?? '')?.[1];
  return reset === undefined ? undefined : 1000 * (Number(reset) + 1);
}

function seconds(ms: number): string {
  return `${ms < 10_000 ? Math.round(ms / 100) / 10 : Math.round(ms / 1000)} s`;
}
