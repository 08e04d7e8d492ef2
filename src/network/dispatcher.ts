import type { Dispatcher } from 'undici';
import type { HttpProxy } from './proxy.js';

const dispatchers = new Map<string, Dispatcher>();

/** What keeps the connections, to servers themselves or through a proxy; for as long as this process lives. */
export async function dispatcherFor(proxy: HttpProxy | undefined): Promise<Dispatcher> {
  const key = proxy ? `${proxy.url} ${proxy.authorization ?? ''}` : '';
  const known = dispatchers.get(key);
  if (known) return known;
  const [{ Agent, ProxyAgent }, { ProxyConnections }] = await Promise.all([
    import('undici'),
    import('./tunnel.js'),
  ]);
  const made = proxy
    ? new ProxyAgent({
        uri: proxy.url,
        // Plain http is asked of the proxy, which may dig no tunnel to port 80.
        proxyTunnel: false,
        clientFactory: origin => new ProxyConnections(origin),
        ...(proxy.authorization && { token: proxy.authorization }),
      })
    : new Agent();
  dispatchers.set(key, made);
  return made;
}
