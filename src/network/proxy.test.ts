import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { setEnvironment } from '../testing/environment.js';
import { serveProxy } from '../testing/loopback-proxy.js';
import { serve } from '../testing/loopback-server.js';
import { canMakeCertificates, serveTls } from '../testing/loopback-tls.js';
import { fetchBytes } from './fetch-bytes.js';
import { HASTY } from './patience.js';
import { proxyFor } from './proxy.js';

const get = async (url: string) => String(await fetchBytes(url, {}, { patience: HASTY }, 1000));

const PROXIES = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'];
beforeEach(() =>
  setEnvironment(
    Object.fromEntries(PROXIES.flatMap(name => [name, name.toUpperCase()]).map(name => [name, undefined])),
  ),
);

describe('which proxy is asked', () => {
  const proxy = 'http://proxy:3128';
  it.each([
    ['https://hub.co', { HTTPS_PROXY: proxy }, proxy],
    ['https://hub.co', { https_proxy: proxy, HTTPS_PROXY: 'http://other' }, proxy],
    ['https://hub.co', { https_proxy: '', HTTPS_PROXY: proxy }, undefined],
    ['https://hub.co', { HTTP_PROXY: proxy }, undefined],
    ['http://hub.co', { HTTP_PROXY: proxy }, proxy],
    ['https://hub.co', { ALL_PROXY: proxy }, proxy],
    ['https://hub.co', { HTTPS_PROXY: 'proxy:3128' }, proxy],
    ['https://hub.co', { HTTPS_PROXY: 'https://u:p@proxy:8443/' }, 'https://proxy:8443'],
    ['https://hub.co', { HTTPS_PROXY: proxy, NO_PROXY: '*' }, undefined],
    ['https://hub.co', { HTTPS_PROXY: proxy, NO_PROXY: 'a.com, hub.co' }, undefined],
    ['https://cdn.hub.co', { HTTPS_PROXY: proxy, NO_PROXY: 'hub.co' }, undefined],
    ['https://cdn.hub.co', { HTTPS_PROXY: proxy, no_proxy: '.HUB.co' }, undefined],
    ['https://cdn-hub.co', { HTTPS_PROXY: proxy, NO_PROXY: 'hub.co' }, proxy],
    ['https://hub.co:8443', { HTTPS_PROXY: proxy, NO_PROXY: 'hub.co:8443' }, undefined],
    ['https://hub.co', { HTTPS_PROXY: proxy, NO_PROXY: 'hub.co:8443' }, proxy],
    ['http://10.1.2.3', { HTTP_PROXY: proxy, NO_PROXY: '10.0.0.0/8' }, undefined],
    ['http://11.1.2.3', { HTTP_PROXY: proxy, NO_PROXY: '10.0.0.0/8,10.0.0.0/99' }, proxy],
    ['http://[::1]', { HTTP_PROXY: proxy, NO_PROXY: '::1' }, undefined],
    ['http://[::1]:80', { HTTP_PROXY: proxy, NO_PROXY: '[::1]:80' }, undefined],
  ])('for %s with %o is %s', (url, environment, expected) => {
    expect(proxyFor(new URL(url), environment)?.url).toBe(expected);
  });

  it('is none that cannot be used: the variable is named, a password is not', () => {
    const ask = () => proxyFor(new URL('https://hub.co'), { ALL_PROXY: 'socks5://me:secret@proxy:1080' });
    expect(ask).toThrow('ALL_PROXY is socks5://me:***@proxy:1080, which is no proxy that kn can use');
    const slash = () => proxyFor(new URL('http://hub.co'), { HTTP_PROXY: 'http://me:sec/ret@proxy:1' });
    expect(slash).toThrow('HTTP_PROXY is http://me:***@proxy:1, which is no proxy');
  });
});

describe('a request', () => {
  it('goes through the proxy of HTTP_PROXY as it is, with the user and password of its address', async () => {
    const server = await serve((_, response) => void response.end('hello'));
    const proxy = await serveProxy('me:p@ss');
    setEnvironment({ HTTP_PROXY: `http://me:p%40ss@${proxy.host}` });
    expect(await get(`${server.url}/x`)).toBe('hello');
    expect(proxy.requests).toEqual([`GET ${server.url}/x`]);
  });

  it('goes around the proxy where NO_PROXY names its host', async () => {
    const server = await serve((_, response) => void response.end('hello'));
    const proxy = await serveProxy();
    setEnvironment({ HTTP_PROXY: `http://${proxy.host}`, NO_PROXY: '127.0.0.1' });
    expect(await get(server.url)).toBe('hello');
    expect(proxy.requests).toEqual([]);
  });

  it.each(['http', 'https'])(
    'over %s that a proxy refuses says which, without its password',
    async scheme => {
      const proxy = await serveProxy('me:right');
      setEnvironment({ ALL_PROXY: `http://me:secret@${proxy.host}` });
      const refused = get(`${scheme}://hub.invalid/x`);
      await expect(refused).rejects.toMatchObject({
        message: `through the proxy http://${proxy.host} of ALL_PROXY: it wants to know who asks (status 407)`,
        remedy: 'It does not take the user and password of ALL_PROXY.',
      });
      setEnvironment({ ALL_PROXY: proxy.host });
      await expect(get(`${scheme}://hub.invalid/x`)).rejects.toMatchObject({
        remedy: 'Give it a user and password: ALL_PROXY=http://USER:PASSWORD@HOST:PORT.',
      });
    },
  );

  it.each([403, 404, 502])(
    'in the clear that has status %i names the proxy, whose answer it may be',
    async status => {
      const server = await serve((_, response) => void response.writeHead(status).end());
      const proxy = await serveProxy();
      setEnvironment({ HTTP_PROXY: `http://me:secret@${proxy.host}` });
      const message = `status ${status} through the proxy http://${proxy.host} of HTTP_PROXY`;
      await expect(get(server.url)).rejects.toMatchObject({ message, facts: { relayedBy: 'HTTP_PROXY' } });
      setEnvironment({ HTTP_PROXY: undefined });
      await expect(get(server.url)).rejects.toThrow(/^status \d+$/);
    },
  );

  it.each(['http', 'https'])('over %s says that the proxy is not there', async scheme => {
    setEnvironment({ ALL_PROXY: 'http://me:secret@127.0.0.1:65533' });
    await expect(get(`${scheme}://hub.invalid/x`)).rejects.toMatchObject({
      message: 'through the proxy http://127.0.0.1:65533 of ALL_PROXY: connection refused',
      remedy: expect.stringContaining('Look at ALL_PROXY'),
    });
  });

  it.skipIf(!canMakeCertificates)(
    `over https goes through a tunnel, to a server that NODE_EXTRA_CA_CERTS vouches for${canMakeCertificates ? '' : ' (skipped: no openssl)'}`,
    async () => {
      const { port, certificate } = await serveTls((request, response) =>
        response.end(`hello ${request.url}`),
      );
      const proxy = await serveProxy('me:secret');
      const built = fileURLToPath(new URL('../../dist/network/fetch-bytes.js', import.meta.url));
      const script = `
        const { fetchBytes } = await import(${JSON.stringify(built)});
        process.stdout.write(await fetchBytes('https://localhost:${port}/x', {}, {}, 1000));`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        env: { NODE_EXTRA_CA_CERTS: certificate, HTTPS_PROXY: `http://me:secret@${proxy.host}` },
      });
      expect(await Promise.all([text(child.stdout), text(child.stderr)])).toEqual(['hello /x', '']);
      expect(proxy.requests).toEqual([`CONNECT localhost:${port}`]);
    },
  );
});
