/** What a hub refuses, and where it matters. */
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { setEnvironment } from '../../testing/environment.js';
import { BRISK, fetchAndListen, fetchTiny, hubWith, silent } from '../../testing/hub-and-cache.js';
import { COMMIT, type Refusal } from '../../testing/hub-server.js';
import { serve } from '../../testing/loopback-server.js';
import { canMakeCertificates, serveTls } from '../../testing/loopback-tls.js';

const html = { 'content-type': 'text/html' };

describe('a model that is whole in the cache', () => {
  it.each<[string, Refusal, string]>([
    ['status 401', { status: 401 }, 'answers with status 401'],
    ['status 403', { status: 403 }, 'answers with status 403'],
    ['status 404', { status: 404, headers: { 'x-error-code': 'RepoNotFound' } }, 'answers with status 404'],
    ['status 404 for all', { status: 404 }, 'answers with status 404'],
    ['another revision', { status: 404, headers: { 'x-error-code': 'RevisionNotFound' } }, 'status 404'],
    ['status 429', { status: 429, headers: { 'retry-after': '3600' } }, 'answers with status 429'],
    ['status 500', { status: 500 }, 'answers with status 500'],
    ['status 503', { status: 503 }, 'answers with status 503'],
    [
      'the page of a network that wants a login',
      { status: 200, headers: html, body: '<!DOCTYPE html><title>Log in</title>' },
      'cannot be reached (the answer is a web page, not JSON)',
    ],
    ['half an answer', { status: 200, body: '{"sha": "aa' }, 'cannot be reached (the answer is not JSON'],
    [
      'an answer about something else',
      { status: 200, body: '[1, 2]' },
      'answered with what describes no model',
    ],
    ['a lie', { status: 200, body: '{"sha": "../../..", "siblings": []}' }, 'gave "../../.." for a commit'],
    [
      'a redirect to nowhere',
      { status: 302 },
      'cannot be reached (status 302, which points to no other address)',
    ],
  ])('is used where the hub answers with %s', async (_, refusal, why) => {
    let fine = true;
    const { server } = await hubWith({ instead: () => (fine ? undefined : refusal) });
    const online = await fetchTiny();
    fine = false;
    const before = Date.now();
    const { model, notices } = await fetchAndListen();
    expect(model).toEqual(online);
    expect(notices).toEqual([expect.stringContaining(why)]);
    expect(notices[0]).toMatch(/: using org\/tiny from the cache$/);
    expect(notices[0]).toContain(server.url);
    expect(Date.now() - before).toBeLessThan(5000);
  });

  it.skipIf(!canMakeCertificates)(
    `is used where the hub's certificate is not trusted${canMakeCertificates ? '' : ' (skipped: no openssl)'}`,
    async () => {
      await hubWith();
      const online = await fetchTiny();
      const { port } = await serveTls((_, response) => void response.end());
      setEnvironment({ HF_ENDPOINT: `https://localhost:${port}` });
      const { model, notices } = await fetchAndListen();
      expect(model).toEqual(online);
      expect(notices).toEqual([expect.stringContaining('is signed by nobody whom Node.js trusts')]);
    },
  );

  it.each(['two\ntokens of a pasted page', 'sécret'])(
    'is used where HF_TOKEN is %j, which is no token',
    async token => {
      await hubWith();
      const online = await fetchTiny();
      setEnvironment({ HF_TOKEN: token });
      const { model, notices } = await fetchAndListen();
      expect(model).toEqual(online);
      expect(notices).toEqual([
        'HF_TOKEN: no access token: it has a letter that none has: using org/tiny from the cache',
      ]);
    },
  );

  it('is used where a proxy refuses', async () => {
    await hubWith();
    const online = await fetchTiny();
    setEnvironment({ HF_ENDPOINT: 'http://hub.invalid', http_proxy: 'http://127.0.0.1:65533' });
    const { model, notices } = await fetchAndListen();
    expect(model).toEqual(online);
    expect(notices).toEqual([
      expect.stringContaining('through the proxy http://127.0.0.1:65533 of http_proxy'),
    ]);
  });

  it('is used where the hub has a newer one that does not arrive', async () => {
    const newer = 'b'.repeat(40);
    const described = {
      id: 'org/tiny',
      siblings: [{ rfilename: 'config.json' }, { rfilename: 'model.safetensors' }],
    };
    let moved = false;
    const instead = (request: string): Refusal | undefined =>
      !moved
        ? undefined
        : request.includes('/revision/main')
          ? { status: 200, body: JSON.stringify({ ...described, sha: newer }) }
          : { status: 503 };
    await hubWith({ instead });
    const online = await fetchTiny();
    moved = true;
    const { model, notices } = await fetchAndListen();
    expect(model).toEqual(online);
    expect(notices.at(-1)).toContain('answers with status 503: using org/tiny from the cache');
  });

  /** A hub that names a newer commit, and gives these answers to what is asked for next. */
  async function serveNewer(answer: (request: string, response: ServerResponse) => unknown) {
    await hubWith();
    const online = await fetchTiny();
    const newer = 'b'.repeat(40);
    const front = await serve((request, response) => {
      const asked = `${request.method} ${request.url}`;
      if (!asked.includes('/revision/main')) return void answer(asked, response);
      const siblings = [{ rfilename: 'config.json' }, { rfilename: 'model.safetensors' }];
      response.end(JSON.stringify({ id: 'org/tiny', sha: newer, siblings }));
    });
    setEnvironment({ HF_ENDPOINT: front.url });
    return { online, front };
  }

  const drip = (response: ServerResponse) => {
    const drops = setInterval(() => response.write(' '), 100);
    response.on('close', () => clearInterval(drops));
  };
  const asksForLater = (response: ServerResponse) => response.writeHead(503, { 'retry-after': '1' }).end();
  const describeFile = (response: ServerResponse) =>
    response.end(JSON.stringify([{ path: 'config.json', size: 9, oid: 'c'.repeat(40) }]));

  it.each<[string, (asked: string, response: ServerResponse) => unknown, string]>([
    ['says nothing of its files', () => undefined, 'no word for 0.3 s'],
    ['lets the answer drip', (_, response) => drip(response), 'no whole answer within 0.6 s'],
    ['asks to come back later', (_, response) => asksForLater(response), 'status 503'],
    [
      'then sends no file',
      (asked, response) => asked.includes('paths-info') && describeFile(response),
      'no word for 0.3 s',
    ],
  ])('is used where the hub names a newer one and %s, after one try', async (_, answer, why) => {
    const { online, front } = await serveNewer(answer);
    const { model, notices } = await fetchAndListen('main', { ...BRISK, silence: 300, whole: 600 });
    expect(model).toEqual(online);
    expect(notices).toEqual([expect.stringContaining(why)]);
    expect(front.requests.filter(asked => asked.includes('paths-info'))).toHaveLength(1);
    expect(front.requests.length).toBeLessThanOrEqual(3);
  });
});

describe('a model that is not in the cache', () => {
  const code = (name: string, status = 404) => ({ status, headers: { 'x-error-code': name } });
  it.each<[string, Refusal, string, string]>([
    [
      'gated',
      code('GatedRepo', 403),
      'org/tiny: a gated model, whose terms have to be accepted',
      'Accept them at http',
    ],
    [
      'not there',
      code('RepoNotFound'),
      'org/tiny: the hub has no such model, or it is not open to you',
      'Check the name',
    ],
    [
      'asked for too often',
      { status: 429, headers: { 'retry-after': '3600' } },
      'status 429, and asks to wait 3600 s',
      'later',
    ],
    ['on a hub that is down', { status: 503 }, 'answers with status 503, tried 3 times', 'Try again later'],
    ['behind a login', { status: 200, body: '<html>' }, 'the answer is a web page, not JSON', '--model demo'],
  ])('is refused where it is %s, with what to do', async (_, refusal, message, remedy) => {
    await hubWith({ instead: () => refusal });
    await expect(fetchTiny()).rejects.toMatchObject({
      message: expect.stringContaining(message),
      remedy: expect.stringContaining(remedy),
    });
  });

  it('behind a proxy that may be the one that refuses says so', async () => {
    await hubWith();
    const proxy = await serve((_, response) => void response.writeHead(403).end());
    setEnvironment({ http_proxy: proxy.url, no_proxy: '', NO_PROXY: '' });
    await expect(fetchTiny()).rejects.toMatchObject({
      message: `org/tiny: the hub has no such model, or it is not open to you (status 403 through the proxy ${proxy.url} of http_proxy)`,
      remedy: expect.stringContaining(
        'If it is the proxy that refuses: look at http_proxy, and at NO_PROXY.',
      ),
    });
  });

  it('and has no such revision is refused with that, by hubs that say so and by those that do not', async () => {
    for (const refusal of [code('RevisionNotFound'), { status: 404 }]) {
      await hubWith({ instead: request => (/v9/.test(request) ? refusal : undefined) });
      await expect(fetchTiny(silent, 'v9')).rejects.toMatchObject({
        message: expect.stringMatching(/^org\/tiny: http.* has this model, but no revision "v9" of it$/),
        remedy: expect.stringContaining('/org/tiny/tree/main'),
      });
    }
  });

  it('is fetched where the hub is busy for a moment', async () => {
    let busy = 2;
    await hubWith({ instead: () => (busy-- > 0 ? { status: 503 } : undefined) });
    const { model, notices } = await fetchAndListen();
    expect(model.revision).toBe(COMMIT);
    expect(notices).toEqual([expect.stringMatching(/ answers with status 503: trying again in /)]);
  });

  it('is refused with the token that is not taken', async () => {
    const headers = { 'x-error-message': 'Invalid credentials in Authorization header' };
    await hubWith({ instead: () => ({ status: 401, headers }) });
    setEnvironment({ HF_TOKEN: 'stale' });
    await expect(fetchTiny()).rejects.toThrow('does not take the token of HF_TOKEN');
  });

  it('and whose file is sent from elsewhere is fetched without the token there', async () => {
    const seen: (string | undefined)[] = [];
    const { server } = await hubWith();
    const store = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(307, { location: `${server.url}${request.url}` }).end();
    });
    const front = await serve((request, response) => {
      expect(request.headers.authorization).toBe('Bearer secret');
      const to = request.url?.includes('/resolve/') ? store.url : server.url;
      response.writeHead(307, { location: `${to}${request.url}` }).end();
    });
    setEnvironment({ HF_ENDPOINT: front.url, HF_TOKEN: 'secret' });
    expect((await fetchTiny()).revision).toBe(COMMIT);
    expect(seen.length).toBeGreaterThan(0);
    expect(new Set(seen)).toEqual(new Set([undefined]));
  });
});
