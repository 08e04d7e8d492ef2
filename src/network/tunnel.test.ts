/** Proxies that dig no tunnel, and say nothing of it. */
import { createServer, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { setEnvironment } from '../testing/environment.js';
import { canMakeCertificates, serveTls } from '../testing/loopback-tls.js';
import { fetchBytes } from './fetch-bytes.js';
import type { Patience } from './patience.js';
import { ProxyConnections } from './tunnel.js';

const patience: Patience = { tries: 3, firstWait: 10, longestWait: 100, silence: 300, whole: 20_000 };

/** A proxy that does this with each connection. */
async function serveProxyThat(answer: (socket: Socket) => void) {
  let connections = 0;
  const open = new Set<Socket>();
  const server = createServer(socket => {
    connections++;
    open.add(socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket)));
    answer(socket);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  const url = `http://127.0.0.1:${address.port}`;
  setEnvironment({ https_proxy: url, no_proxy: '' });
  return { url, connections: () => connections };
}

const get = (signal?: AbortSignal) =>
  fetchBytes('https://hub.invalid', {}, { patience, ...(signal && { signal }) }, 1000);

describe('a proxy', () => {
  it('that takes a question for a tunnel and says nothing ends no run: it is named', async () => {
    const { url } = await serveProxyThat(() => undefined);
    await expect(get()).rejects.toThrow(
      `through the proxy ${url} of https_proxy: no word for 0.3 s, tried 3 times`,
    );
  });

  it.each<[string, (socket: Socket) => void]>([
    ['is asked for a tunnel', socket => socket.once('data', () => socket.destroy())],
    ['is asked, and ends it', socket => socket.once('data', () => socket.end())],
    ['is reached', socket => socket.end()],
    [
      'has said that there is a tunnel',
      socket => socket.once('data', () => socket.end('HTTP/1.1 200 Connection Established\r\n\r\n')),
    ],
  ])('that hangs up once it %s is asked so often and no more', async (_, hangUp) => {
    const { url, connections } = await serveProxyThat(hangUp);
    await expect(get()).rejects.toMatchObject({
      message: expect.stringMatching(`^through the proxy ${url} of https_proxy: .*, tried 3 times$`),
      remedy: expect.stringContaining('Look at https_proxy'),
    });
    await setTimeout(50);
    expect(connections()).toBe(patience.tries);
  });

  it('that says nothing keeps nobody who ends it', async () => {
    await serveProxyThat(() => undefined);
    const patient = { ...patience, silence: 60_000 };
    const asker = { patience: patient, signal: AbortSignal.timeout(50) };
    const before = Date.now();
    await expect(fetchBytes('https://hub.invalid', {}, asker, 9)).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    expect(Date.now() - before).toBeLessThan(5000);
  });

  it('that says nothing is left alone after a while', async () => {
    let closed = 0;
    const { url } = await serveProxyThat(socket => socket.resume().on('close', () => closed++));
    const connections = new ProxyConnections(new URL(url), 100);
    await expect(connections.connect({ origin: url, path: 'hub.invalid:443' })).rejects.toMatchObject({
      cause: { message: 'no tunnel within 0.1 s' },
    });
    await setTimeout(50);
    expect(closed).toBe(1);
  });

  it.skipIf(!canMakeCertificates)(
    `behind TLS that is given by its address is no cause for a warning of Node's${canMakeCertificates ? '' : ' (skipped: no openssl)'}`,
    async () => {
      const warnings: string[] = [];
      const listen = (warning: Error) => void warnings.push(warning.message);
      process.on('warning', listen);
      onTestFinished(() => void process.off('warning', listen));
      const { port } = await serveTls((_, response) => void response.end());
      setEnvironment({ https_proxy: `https://127.0.0.1:${port}`, no_proxy: '' });
      await expect(get()).rejects.toThrow('of https_proxy: ');
      await setTimeout(50);
      expect(warnings).toEqual([]);
    },
  );
});
