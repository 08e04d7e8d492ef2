import { addressOf } from './address.js';
import { NetworkFault } from './fault.js';
import { type Asker, PATIENT, withPatience } from './patience.js';
import { type Answer, ask, leave, type Question } from './request.js';

/**
 * All of an answer that is small. One that breaks off is asked for again.
 * @param most bytes
 * @throws NetworkFault where it cannot be had, or is larger; the asker's reason once its signal is aborted
 */
export function fetchBytes(address: string, question: Question, asker: Asker, most: number): Promise<Buffer> {
  return inTime(address, asker, async hurried => {
    const { pieces } = await ask(address, question, hurried);
    const read: Buffer[] = [];
    let bytes = 0;
    for await (const piece of pieces) {
      bytes += piece.length;
      if (bytes > most) throw new NetworkFault(`the answer is larger than ${most} bytes`);
      read.push(piece);
    }
    return Buffer.concat(read);
  });
}

/**
 * What is said of a file without sending it.
 * @throws NetworkFault, as {@link fetchBytes}
 */
export function fetchHeaders(
  address: string,
  question: Omit<Question, 'method' | 'body'>,
  asker: Asker,
): Promise<Pick<Answer, 'status' | 'headers'>> {
  return inTime(address, asker, async hurried => {
    const answer = await ask(address, { ...question, method: 'HEAD' }, hurried);
    await leave(answer);
    return { status: answer.status, headers: answer.headers };
  });
}

/** Tries with patience, each with an end to the whole. */
function inTime<T>(address: string, asker: Asker, attempt: (hurried: Asker) => Promise<T>): Promise<T> {
  const { patience: { whole } = PATIENT, signal } = asker;
  return withPatience(addressOf(address).url.host, asker, async () => {
    const controller = new AbortController();
    const late = new NetworkFault(`no whole answer within ${whole / 1000} s`, { passes: true });
    const timer = setTimeout(() => controller.abort(late), whole);
    try {
      const either = signal ? AbortSignal.any([signal, controller.signal]) : controller.signal;
      return await attempt({ ...asker, signal: either });
    } finally {
      clearTimeout(timer);
    }
  });
}
