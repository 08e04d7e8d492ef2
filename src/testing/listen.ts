import type { Server } from 'node:http';
import { onTestFinished } from 'vitest';

/**
 * Has a server of http or https listen on 127.0.0.1 until the test ends.
 * @returns its port
 */
export async function listen(server: Pick<Server, 'listen' | 'close' | 'closeAllConnections' | 'address'>) {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
