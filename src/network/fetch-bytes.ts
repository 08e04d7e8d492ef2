import { addressOf } from './address.js';
import { NetworkFault } from './fault.js';
import { type Asker, withPatience } from './patience.js';
import { type Answer, ask, leave, type Question } from './request.js';

/**
 * All of an answer that is small. One that breaks off is asked for again.
 * @param most bytes
 * @throws NetworkFault where it cannot be had, or is larger; the asker's reason once its signal is aborted
 */
export function fetchBytes(address: string, question: Question, asker: Asker, most: number): Promise<Buffer> {
  return withPatience(addressOf(address).url.host, asker, async () => {
    const { pieces } = await ask(address, question, asker);
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
  return withPatience(addressOf(address).url.host, asker, async () => {
    const answer = await ask(address, { ...question, method: 'HEAD' }, asker);
    await leave(answer);
    return { status: answer.status, headers: answer.headers };
  });
}
