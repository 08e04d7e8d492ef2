import { createServer } from 'node:http';
import { connect } from 'node:net';
import { listen } from './listen.js';

export interface LoopbackProxy {
  /** host:port */
  readonly host: string;
  /** What it was asked for: "GET http://...", "CONNECT host:port". */
  readonly requests: readonly string[];
}

/**
 * A proxy on 127.0.0.1 that ends with the test. Every name leads to this machine, so that hosts can be asked for that are not.
 * @param credentials "user:password" that it demands
 */
export async function serveProxy(credentials?: string): Promise<LoopbackProxy> {
  const requests: string[] = [];
  const isAllowed = (header: string | undefined) =>
    !credentials || header === `Basic ${Buffer.from(credentials).toString('base64')}`;
  const server = createServer(async (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (!isAllowed(request.headers['proxy-authorization'])) return void response.writeHead(407).end();
    const { port, pathname, search } = new URL(request.url ?? '');
    const answer = await fetch(`http://127.0.0.1:${port}${pathname}${search}`);
    response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()));
  });
  server.on('connect', (request, socket) => {
    requests.push(`CONNECT ${request.url}`);
    if (!isAllowed(request.headers['proxy-authorization']))
      return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    const through = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      through.pipe(socket).pipe(through);
    });
    for (const end of [through, socket]) end.on('error', () => end.destroy());
  });
  return { host: `127.0.0.1:${await listen(server)}`, requests };
}
