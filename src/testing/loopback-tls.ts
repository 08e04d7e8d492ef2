import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { listen } from './listen.js';
import { temporaryFolder } from './temporary-folder.js';

export const canMakeCertificates = spawnSync('openssl', ['version']).status === 0;

export interface TlsServer {
  readonly port: number;
  /** Of the certificate, in PEM. */
  readonly certificate: string;
}

/** A server on 127.0.0.1 with a certificate that it signed itself, for `localhost`; it ends with the test. */
export async function serveTls(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<TlsServer> {
  const folder = temporaryFolder();
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
    ...[
      '-keyout',
      key,
      '-out',
      certificate,
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=DNS:localhost',
    ],
  ]);
  if (made.status !== 0) throw new Error(`openssl: ${made.stderr}`);
  const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, answer);
  return { port: await listen(server), certificate };
}
