/** What a library's proxy agent leaves open while a tunnel is dug: an end to silence, and to trying. */
import { isIP } from 'node:net';
import { buildConnector, type Dispatcher, Pool } from 'undici';
import { Silence, TunnelError } from './explain.js';

/** As long as the library waits for a connection without a proxy. In milliseconds. */
const LIMIT = 10_000;

/** The connections to a proxy, over each of which a tunnel may be asked for. */
export class ProxyConnections extends Pool {
  /** @param limit how long is waited for a tunnel, in milliseconds */
  constructor(
    proxy: URL,
    private readonly limit = LIMIT,
  ) {
    const connector = buildConnector({});
    super(proxy, {
      // TLS knows names alone for servers; the certificate of one that is given by its address is for that address.
      connect: (options, callback) =>
        connector(isAddress(options.servername) ? { ...options, servername: '' } : options, callback),
    });
  }

  /**
   * Asks for a tunnel.
   * @throws TunnelError, whatever the reason: the library takes a connection that was cut for one that ended between two requests,
   *   and begins anew at once, without an end
   */
  override connect(options: Dispatcher.ConnectOptions): Promise<Dispatcher.ConnectData>;
  override connect(...all: Parameters<Pool['connect']>): void;
  override async connect(options: Dispatcher.ConnectOptions): Promise<Dispatcher.ConnectData> {
    const controller = new AbortController();
    const silence = new Silence(`no tunnel within ${this.limit / 1000} s`);
    const timer = setTimeout(() => controller.abort(silence), this.limit);
    try {
      return await super.connect({ ...options, signal: controller.signal });
    } catch (error) {
      throw new TunnelError('no tunnel', { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }
}

function isAddress(host: string | undefined): boolean {
  return isIP(host?.replace(/^\[|\]$/g, '') ?? '') !== 0;
}
