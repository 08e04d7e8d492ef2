import { constants, open } from 'node:fs/promises';
import { writeAll } from '../whole-file.js';
import { addressOf } from './address.js';
import { NetworkFault } from './fault.js';
import { type Asker, type Patience, withPatience } from './patience.js';
import { type Answer, ask, leave, type Question } from './request.js';

export interface FileQuestion extends Pick<Question, 'token'> {
  /** Bytes that it may be; default: as many as come. */
  readonly most?: number;
  /** Asked before each change of the file: throws where it is another process's by now. */
  readonly assertHeld?: () => void;
  /** Until its first byte is here, where there is something else to go on with; default: the asker's. */
  readonly untilItBegins?: Patience;
}

/** Bytes that are in the file, and of how many, where the server says that. */
export type OnBytes = (there: number, total: number | undefined) => void;

/** What a try has to bring for the count of tries to begin again: a bad line gets there too, in the end. In bytes. */
const GAIN = 2 ** 14;

/**
 * Receives an answer's body into a file. What is in it already, from an earlier call or a try that broke off, is gone on with;
 * where the server cannot, the file begins anew. Nothing vouches for the content: it may have changed between two calls, so that a
 * checksum has to follow.
 * @param path of a file that this call alone writes, there or not
 * @returns the file's size
 * @throws NetworkFault where it cannot be had whole, a system error where it cannot be written; what came is kept
 */
export async function receiveFile(
  address: string,
  path: string,
  { token, most = Number.POSITIVE_INFINITY, assertHeld = () => undefined, untilItBegins }: FileQuestion,
  asker: Asker,
  onBytes: OnBytes,
): Promise<number> {
  const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o666);
  try {
    let there = (await file.stat()).size;
    // The furthest that any try got to: a server that knows no ranges sends the same bytes again and again.
    let furthest = there;
    let gain = 0;
    let tag: string | undefined;
    const attempt = async (asker: Asker): Promise<number> => {
      const headers = {
        'accept-encoding': 'identity',
        ...(there > 0 && { range: `bytes=${there}-`, ...(tag && { 'if-range': tag }) }),
      };
      const answer = await ask(address, { headers, ...(token && { token }) }, asker, [416]);
      const place = placeOf(answer, there);
      if (place === 'whole') return there;
      if (place === 'elsewhere') {
        await leave(answer);
        if (there === 0) throw new NetworkFault('it sends a part that nobody asked for');
        there = 0;
        return attempt(asker);
      }
      there = place.start;
      assertHeld();
      await file.truncate(there);
      tag = strongTag(answer);
      onBytes(there, place.total);
      for await (const piece of answer.pieces) {
        if (there + piece.length > most) throw new NetworkFault(`it sends more than ${most} bytes`);
        assertHeld();
        await writeAll(file, piece, there);
        there += piece.length;
        gain += Math.max(0, there - furthest);
        furthest = Math.max(furthest, there);
        onBytes(there, place.total);
      }
      if (place.total !== undefined && there !== place.total) {
        const passes = there < place.total;
        throw new NetworkFault(`the connection ended after ${there} of ${place.total} bytes`, { passes });
      }
      return there;
    };
    const gained = () => {
      const enough = gain >= GAIN;
      gain = 0;
      return enough;
    };
    const patiently = () => withPatience(addressOf(address).url.host, asker, () => attempt(asker), gained);
    const size = untilItBegins
      ? await attempt({ ...asker, patience: untilItBegins }).catch(error => {
          if (gain > 0 && error instanceof NetworkFault && error.facts.passes) return patiently();
          throw error;
        })
      : await patiently();
    await file.sync();
    return size;
  } finally {
    await file.close();
  }
}

/** Where the body of an answer belongs, of a file that has its first bytes already. */
function placeOf(
  { status, headers }: Answer,
  there: number,
): { readonly start: number; readonly total: number | undefined } | 'whole' | 'elsewhere' {
  const [, start, total] = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(headers['content-range'] ?? '') ?? [];
  const announced = /^\d+$/.test(total ?? '') ? Number(total) : undefined;
  // What is there may be the whole file already, or longer than it; a server that does not say leaves that to a checksum.
  if (status === 416)
    return there > 0 && (announced === undefined || announced === there) ? 'whole' : 'elsewhere';
  const length = /^\d+$/.test(headers['content-length'] ?? '')
    ? Number(headers['content-length'])
    : undefined;
  if (status !== 206) return { start: 0, total: length };
  if (start !== undefined && Number(start) !== there) return 'elsewhere';
  return { start: there, total: announced ?? (length === undefined ? undefined : there + length) };
}

/** What names exactly these bytes: a weak one does not. */
function strongTag({ headers: { etag } }: Answer): string | undefined {
  return etag?.startsWith('"') ? etag : undefined;
}
