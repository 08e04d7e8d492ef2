import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from './listen.js';

export interface LoopbackServer {
  readonly url: string;
  /** Method and path of every request so far. */
  readonly requests: readonly string[];
}

/** A server on 127.0.0.1 that ends with the test. */
export async function serve(
  answer: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): Promise<LoopbackServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    void answer(request, response);
  });
  return { url: `http://127.0.0.1:${await listen(server)}`, requests };
}
