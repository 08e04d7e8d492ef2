/** Servers on loopback that misbehave in every way, and what is asked of them. */
import type { ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { setEnvironment } from '../testing/environment.js';
import { serve } from '../testing/loopback-server.js';
import { canMakeCertificates, serveTls } from '../testing/loopback-tls.js';
import { shownAddress } from './address.js';
import { NetworkFault } from './fault.js';
import { fetchBytes } from './fetch-bytes.js';
import { askedWait, type Patience } from './patience.js';
import { redirected } from './redirect.js';

const patience: Patience = { tries: 4, firstWait: 10, longestWait: 2000, silence: 10_000, whole: 20_000 };
const impatience: Patience = { ...patience, silence: 300 };
const get = async (url: string, token?: string, notice?: (text: string) => void) =>
  String(await fetchBytes(url, token ? { token } : {}, { patience, ...(notice && { notice }) }, 1000));

/** Answers the first requests in these ways, and then as it should. */
function serveAfter(...faults: ((response: ServerResponse) => unknown)[]) {
  return serve((_, response) => void (faults.shift() ?? (ok => ok.end('hello')))(response));
}

describe('what may pass is tried again', () => {
  it.each([408, 429, 500, 502, 503, 504])('status %i, with one word about it', async status => {
    const refuse = (response: ServerResponse) => response.writeHead(status).end();
    const { url, requests } = await serveAfter(refuse, refuse);
    const notices: string[] = [];
    expect(await get(url, undefined, text => notices.push(text))).toBe('hello');
    expect(requests).toHaveLength(3);
    const host = url.replace('http://', '');
    expect(notices).toEqual([
      expect.stringMatching(`^${host} answers with status ${status}: trying again in 0(\\.\\d)? s$`),
    ]);
  });

  it('a connection that is cut, before the answer and in its middle', async () => {
    const { url } = await serveAfter(
      response => response.destroy(),
      response => {
        response.writeHead(200, { 'content-length': 10 });
        response.write('hell', () => response.destroy());
      },
    );
    expect(await get(url)).toBe('hello');
  });

  it('silence, before the answer and in its middle', async () => {
    const { url } = await serveAfter(
      () => undefined,
      response => response.writeHead(200).write('hell'),
    );
    expect(String(await fetchBytes(url, {}, { patience: impatience }, 1000))).toBe('hello');
  });

  it('an answer that drips, after the time that it may take', async () => {
    const { url } = await serveAfter(response => {
      const drops = setInterval(() => response.write('.'), 50);
      response.on('close', () => clearInterval(drops));
    });
    const short = { ...patience, whole: 300 };
    expect(String(await fetchBytes(url, {}, { patience: short }, 1000))).toBe('hello');
  });

  it('so often and no more', async () => {
    const { url, requests } = await serve((_, response) => void response.writeHead(503).end('busy'));
    await expect(get(url)).rejects.toThrow('status 503, tried 4 times');
    expect(requests).toHaveLength(4);
    const silent = await serve(() => undefined);
    const waiting = fetchBytes(silent.url, {}, { patience: impatience }, 1000);
    await expect(waiting).rejects.toThrow('no word for 0.3 s, tried 4 times');
  });

  it('after the time that the server asks for', async () => {
    const { url } = await serveAfter(response => response.writeHead(429, { 'retry-after': '0.5' }).end());
    const before = Date.now();
    const notices: string[] = [];
    await get(url, undefined, text => notices.push(text));
    expect(Date.now() - before).toBeGreaterThanOrEqual(499);
    expect(notices).toEqual([expect.stringContaining('status 429: trying again in 0.5 s')]);
  });

  it('not where the server asks for more than is waited', async () => {
    const { url, requests } = await serveAfter(response =>
      response.writeHead(503, { 'retry-after': '3600' }).end(),
    );
    await expect(get(url)).rejects.toThrow('status 503, and asks to wait 3600 s');
    expect(requests).toHaveLength(1);
  });

  it.each([
    [{ 'retry-after': '30' }, 30_000],
    [{ 'retry-after': 'Thu, 01 Jan 1970 00:01:00 GMT' }, 60_000],
    [{ ratelimit: '"api";r=0;t=55' }, 56_000],
    [{ ratelimit: '"api";r=9;t=55' }, undefined],
    [{ 'retry-after': 'soon' }, undefined],
  ])('%o is a wait of %s ms', (headers, expected) => {
    expect(askedWait(new NetworkFault('status 429', { headers }), 0)).toBe(expected);
  });

  it.each([400, 401, 403, 404, 410, 501])('not status %i', async status => {
    const { url, requests } = await serve((_, response) => void response.writeHead(status).end());
    await expect(get(url)).rejects.toThrow(`status ${status}`);
    expect(requests).toHaveLength(1);
  });

  it('until the caller ends it', async () => {
    const { url } = await serve((_, response) => void response.writeHead(503, { 'retry-after': '1' }).end());
    const controller = new AbortController();
    const waiting = fetchBytes(url, {}, { patience, signal: controller.signal }, 9);
    await setTimeout(50);
    const before = Date.now();
    controller.abort(new Error('Ctrl-C'));
    await expect(waiting).rejects.toThrow('Ctrl-C');
    expect(Date.now() - before).toBeLessThan(500);
    const silent = await serve(() => undefined);
    const asking = fetchBytes(silent.url, {}, { signal: AbortSignal.timeout(50) }, 9);
    await expect(asking).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});

describe('a token', () => {
  it('is sent to its own host, and to no other that an answer points to', async () => {
    const seen: (string | undefined)[] = [];
    const other = await serve((request, response) => {
      seen.push(request.headers.authorization, request.headers.cookie);
      response.end('from elsewhere');
    });
    const own = await serve((request, response) => {
      expect(request.headers.authorization).toBe('Bearer secret');
      const location = request.url === '/moved' ? '/again' : `${other.url}/file`;
      response.writeHead(307, { location }).end();
    });
    expect(await get(`${own.url}/moved`, 'secret')).toBe('from elsewhere');
    expect(own.requests).toEqual(['GET /moved', 'GET /again']);
    expect(seen).toEqual([undefined, undefined]);
  });

  const sent = (url: string, headers: Record<string, string>) => ({
    ...({ url: new URL(url), method: 'POST', body: '{}' } as const),
    headers,
  });

  it('is kept at the same origin alone', () => {
    const secret = { Authorization: 'Bearer x', cookie: 'y', accept: '*/*' };
    const to = (location: string) => redirected(sent('https://hub.co/a', secret), 307, location).headers;
    expect(to('/b')).toEqual(secret);
    for (const elsewhere of ['https://hub.co:8443/b', 'https://cdn.hub.co/b', '//evil.co/b'])
      expect(to(elsewhere)).toEqual({ accept: '*/*' });
  });

  it('goes on to the same host behind TLS', () => {
    const secret = { authorization: 'Bearer x' };
    const to = (from: string, location: string) => redirected(sent(from, secret), 301, location).headers;
    expect(to('http://hub.co/a', 'https://hub.co/a')).toEqual(secret);
    expect(to('http://hub.co:8080/a', 'https://hub.co/a')).toEqual({});
    expect(to('http://hub.co/a', 'https://evil.co/a')).toEqual({});
  });

  it('does not go on in the clear', () => {
    const go = (headers: Record<string, string>) =>
      redirected(sent('https://hub.co/a', headers), 302, 'http://hub.co/b');
    expect(() => go({ authorization: 'Bearer x' })).toThrow('it sends from https:// to http://hub.co');
    expect(go({})).toEqual({ url: new URL('http://hub.co/b'), method: 'GET', headers: {} });
  });

  it('may be a user and password in the address, which no message shows', async () => {
    const { url } = await serve((request, response) => void response.end(request.headers.authorization));
    expect(await get(url.replace('//', '//me:p%40ss@'))).toBe(
      `Basic ${Buffer.from('me:p@ss').toString('base64')}`,
    );
  });

  it.each([
    ['https://me:secret@hub.co/a', 'https://me:***@hub.co/a'],
    ['https://me:sec/ret@hub.co', 'https://me:***@hub.co'],
    ['http://me:sec/ret@127.0.0.1:1', 'http://me:***@127.0.0.1:1'],
    ['http://me:secret/@hub.co', 'http://me:***@hub.co'],
    ['http://me:1secret/x/@hub.co/pypi/x/json', 'http://me:***@hub.co/pypi/x/json'],
    ['socks5://me:secr@t@h', 'socks5://me:***@h'],
    ['socks5://me:secr@t/x@h', 'socks5://me:***@h'],
    ['me:sec?ret@proxy:3128', 'me:***@proxy:3128'],
    ['me:sec#ret@proxy:3128', 'me:***@proxy:3128'],
    ['https://secret@hub.co', 'https://***@hub.co'],
    ['https://sec/ret:x@hub.co', 'https://***@hub.co'],
    ['http://h/?token=secret', 'http://h/?***'],
    ['http://me:x@h/a?token=secret@x', 'http://me:***@x'],
    ['http://h/a#secret', 'http://h/a#***'],
    ['https://me:secret@npm.co/@scope/name/-/name-1.tgz', 'https://me:***@npm.co/@scope/name/-/name-1.tgz'],
    ['https://hub.co:8443/a', 'https://hub.co:8443/a'],
    ['no address', 'no address'],
    ['', ''],
  ])('%s is shown as %s', (address, shown) => {
    expect(shownAddress(address)).toBe(shown);
  });

  it('that makes an address none is not shown either, and how to write it is', async () => {
    await expect(Promise.resolve().then(() => get('https://me:sec/ret@hub.co/x'))).rejects.toMatchObject({
      message: '"https://me:***@hub.co/x" is no address: its host or port is none',
      remedy: expect.stringContaining('%2F for /'),
    });
  });
});

describe('an answer', () => {
  it('that sends on for ever, or to no address, is none', async () => {
    const { url } = await serve((_, response) => void response.writeHead(302, { location: '/x' }).end());
    await expect(get(url)).rejects.toThrow('it sends from one address to the next, 10 times');
    const nowhere = await serve(
      (_, response) => void response.writeHead(302, { location: 'file:///etc' }).end(),
    );
    await expect(get(nowhere.url)).rejects.toThrow('status 302, which points to no other address');
  });

  it('that has no end is not read to it', async () => {
    const { url } = await serve((_, response) => {
      const more = setInterval(() => response.write(Buffer.alloc(10_000)), 5);
      response.on('close', () => clearInterval(more));
    });
    await expect(get(url)).rejects.toThrow('the answer is larger than 1000 bytes');
  });

  it.each(['hub.co/x', 'ftp://me:secret@hub.co', ''])('comes from no address such as %j', async address => {
    const refused = Promise.resolve().then(() => get(address));
    await expect(refused).rejects.toThrow('it begins with neither http:// nor https://');
    await expect(refused).rejects.not.toThrow('secret');
  });
});

describe.skipIf(!canMakeCertificates)(
  `a certificate${canMakeCertificates ? '' : ' (skipped: no openssl)'}`,
  () => {
    const askOf = async () => {
      const { port } = await serveTls((_, response) => void response.end('hello'));
      return { host: `localhost:${port}`, refused: get(`https://localhost:${port}/`) };
    };

    it('that nobody vouches for is told, with the way to trust it', async () => {
      setEnvironment({
        ...{ NODE_EXTRA_CA_CERTS: undefined, REQUESTS_CA_BUNDLE: undefined },
        ...{ CURL_CA_BUNDLE: undefined, SSL_CERT_FILE: undefined },
      });
      const { host, refused } = await askOf();
      await expect(refused).rejects.toMatchObject({
        message: `the certificate of ${host} is signed by nobody whom Node.js trusts (DEPTH_ZERO_SELF_SIGNED_CERT)`,
        remedy: expect.stringContaining('Set NODE_EXTRA_CA_CERTS to a file'),
      });
      for (const name of ['SSL_CERT_FILE', 'CURL_CA_BUNDLE', 'REQUESTS_CA_BUNDLE']) {
        setEnvironment({ [name]: '/etc/our.pem' });
        await expect((await askOf()).refused).rejects.toMatchObject({
          remedy: `Set NODE_EXTRA_CA_CERTS=/etc/our.pem, the file that ${name} names.`,
        });
      }
      const given = fileURLToPath(import.meta.url);
      setEnvironment({
        ...{ NODE_EXTRA_CA_CERTS: given, REQUESTS_CA_BUNDLE: undefined },
        ...{ CURL_CA_BUNDLE: undefined, SSL_CERT_FILE: undefined },
      });
      await expect((await askOf()).refused).rejects.toMatchObject({
        remedy: expect.stringContaining(`NODE_EXTRA_CA_CERTS is ${given}: that file lacks`),
      });
      setEnvironment({ NODE_EXTRA_CA_CERTS: '/etc/no/such.pem' });
      await expect((await askOf()).refused).rejects.toMatchObject({
        remedy: expect.stringContaining('NODE_EXTRA_CA_CERTS is /etc/no/such.pem: there is no such file'),
      });
    });
  },
);
