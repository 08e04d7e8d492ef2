import { readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { serve } from '../testing/loopback-server.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import type { Patience } from './patience.js';
import { receiveFile } from './receive-file.js';

const CONTENT = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 251));
const patience: Patience = { tries: 3, firstWait: 1, longestWait: 10, silence: 10_000, whole: 20_000 };

const target = () => join(temporaryFolder(), 'file');
const fromOf = ({ headers: { range } }: IncomingMessage) =>
  Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);

/** Answers as servers of files do; a test changes some of it. */
function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { content = CONTENT, etag = '"1"', cutAt = Number.POSITIVE_INFINITY } = {},
) {
  const ifRange = request.headers['if-range'];
  const from = ifRange !== undefined && ifRange !== etag ? 0 : fromOf(request);
  if (from >= content.length)
    return void response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
  const part = content.subarray(from);
  response.writeHead(from > 0 ? 206 : 200, {
    etag,
    'content-length': part.length,
    ...(from > 0 && { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` }),
  });
  if (cutAt >= content.length) return void response.end(part);
  // Later, so that what was written is on the disk by then: what a stream holds as it breaks is lost.
  response.write(part.subarray(0, cutAt - from), () => setTimeout(() => response.destroy(), 300));
}

async function receive(url: string, path: string, most?: number, silence = patience.silence) {
  const seen: number[] = [];
  const size = await receiveFile(
    url,
    path,
    most === undefined ? {} : { most },
    { patience: { ...patience, silence } },
    there => seen.push(there),
  );
  return { size, seen, content: readFileSync(path) };
}

describe('a body', () => {
  it('that breaks off is gone on with, each time it breaks off', async () => {
    const cuts = [30_000, 60_000];
    const from: number[] = [];
    const { url } = await serve((request, response) => {
      from.push(fromOf(request));
      answer(request, response, { cutAt: cuts.shift() ?? Number.POSITIVE_INFINITY });
    });
    const { content, size, seen } = await receive(url, target());
    expect(content.equals(CONTENT)).toBe(true);
    expect(size).toBe(CONTENT.length);
    // What was on its way as the line broke may be lost.
    expect(from).toHaveLength(3);
    expect(from[0]).toBe(0);
    expect(from[2]).toBeGreaterThan(from[1]);
    expect(from[1]).toBeGreaterThan(0);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it('is left as it is where another process has the file by then', async () => {
    const { url } = await serve(answer);
    const path = target();
    let asked = 0;
    const assertHeld = () => {
      if (++asked > 1) throw new Error('it is not ours');
    };
    await expect(receiveFile(url, path, { assertHeld }, { patience }, () => undefined)).rejects.toThrow(
      'it is not ours',
    );
    expect(readFileSync(path)).toHaveLength(0);
    expect(asked).toBe(2);
  });

  it('that falls silent is gone on with', async () => {
    const { url, requests } = await serve((request, response) => {
      if (requests.length > 1) return answer(request, response);
      response.writeHead(200, { 'content-length': CONTENT.length }).write(CONTENT.subarray(0, 30_000));
    });
    expect((await receive(url, target(), undefined, 300)).content.equals(CONTENT)).toBe(true);
    expect(requests).toHaveLength(2);
  });

  it('that is another by then begins anew', async () => {
    const other = Buffer.from(CONTENT).reverse();
    let asked = 0;
    const { url } = await serve((request, response) => {
      if (++asked === 1) answer(request, response, { cutAt: 30_000 });
      else answer(request, response, { content: other, etag: '"2"' });
    });
    expect((await receive(url, target())).content.equals(other)).toBe(true);
  });

  it('is gone on with where the last call ended', async () => {
    const from: number[] = [];
    const { url } = await serve((request, response) => {
      from.push(fromOf(request));
      answer(request, response);
    });
    const path = target();
    writeFileSync(path, CONTENT.subarray(0, 99_000));
    expect((await receive(url, path)).content.equals(CONTENT)).toBe(true);
    expect(from).toEqual([99_000]);
  });

  it('begins anew where the server knows no ranges, or answers with another', async () => {
    const noRanges = await serve((_, response) => void response.end(CONTENT));
    const path = target();
    writeFileSync(path, 'something else');
    expect((await receive(noRanges.url, path)).content.equals(CONTENT)).toBe(true);

    const wrong = await serve((request, response) => {
      if (fromOf(request) === 0) return answer(request, response);
      response
        .writeHead(206, { 'content-range': `bytes 7-99999/${CONTENT.length}` })
        .end(CONTENT.subarray(7));
    });
    writeFileSync(path, 'something else');
    expect((await receive(wrong.url, path)).content.equals(CONTENT)).toBe(true);
  });

  it('that is there in full is not sent again; what is longer begins anew', async () => {
    const { url, requests } = await serve(answer);
    const path = target();
    writeFileSync(path, CONTENT);
    expect((await receive(url, path)).size).toBe(CONTENT.length);
    expect(requests).toHaveLength(1);
    writeFileSync(path, Buffer.concat([CONTENT, CONTENT]));
    expect((await receive(url, path)).content.equals(CONTENT)).toBe(true);
  });

  it('that never comes whole is an error after some tries, and what came is kept', async () => {
    const { url, requests } = await serve((request, response) =>
      answer(request, response, { cutAt: 30_000 }),
    );
    const path = target();
    await expect(receive(url, path)).rejects.toThrow('tried 3 times');
    const kept = readFileSync(path);
    expect(kept.length).toBeGreaterThan(0);
    expect(CONTENT.subarray(0, kept.length).equals(kept)).toBe(true);
    expect(requests.length).toBeGreaterThanOrEqual(3);
  });

  it('is tried for as long as it grows', async () => {
    const { url, requests } = await serve((request, response) =>
      answer(request, response, { cutAt: fromOf(request) + 20_000 }),
    );
    expect((await receive(url, target())).content.equals(CONTENT)).toBe(true);
    expect(requests.length).toBeGreaterThan(patience.tries);
  });

  it('that begins anew each time, and breaks off at the same place, is an error too', async () => {
    const { url, requests } = await serve((request, response) => {
      delete request.headers.range;
      answer(request, response, requests.length > 12 ? {} : { cutAt: 60_000 });
    });
    await expect(receive(url, target())).rejects.toThrow('tried 3 times');
    expect(requests.length).toBeLessThanOrEqual(2 * patience.tries);
  });

  it('that does not begin is tried once where there is something else, and for as long as ever once it began', async () => {
    const haste = { ...patience, tries: 1 };
    const ask = (url: string, path: string) =>
      receiveFile(url, path, { untilItBegins: haste }, { patience }, () => undefined);
    const never = await serve((_, response) => void response.writeHead(503).end());
    await expect(ask(never.url, target())).rejects.toThrow(/^status 503$/);
    expect(never.requests).toHaveLength(1);
    const late = await serve((request, response) => {
      if (late.requests.length === 2) return void response.writeHead(503).end();
      answer(request, response, late.requests.length === 1 ? { cutAt: 30_000 } : {});
    });
    expect(await ask(late.url, target())).toBe(CONTENT.length);
    expect(late.requests).toHaveLength(3);
  });

  it('that is longer than it may be is not written to its end', async () => {
    const { url } = await serve(answer);
    const path = target();
    await expect(receive(url, path, 50_000)).rejects.toThrow('it sends more than 50000 bytes');
    expect(readFileSync(path).length).toBeLessThanOrEqual(50_000);
  });
});
