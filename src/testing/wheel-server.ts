import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type LoopbackServer, serve } from './loopback-server.js';
import { type MadeUpWheel, wheelContent, wheelFile } from './made-up-wheel.js';

export interface ListedFile {
  readonly filename: string;
  readonly size: number;
  readonly digests: { readonly sha256: string };
  readonly yanked: boolean;
}

export interface WheelServerOptions {
  /** What the index says of a wheel, where that is not the truth. */
  readonly listed?: (file: ListedFile) => ListedFile;
  /** Sends a wheel; at once, unless a test wants it otherwise. */
  readonly send?: (content: Buffer, response: ServerResponse) => void;
  /** Whether it has no wheel just now. */
  readonly gone?: () => boolean;
}

/** A package index on loopback, as PyPI's: /simple/ for pip, /pypi/PROJECT[/VERSION]/json, and the files. */
export function serveWheels(
  wheels: readonly MadeUpWheel[],
  { listed = file => file, send, gone = () => false }: WheelServerOptions = {},
): Promise<LoopbackServer> {
  const contents = new Map(wheels.map(wheel => [wheelFile(wheel), wheelContent(wheel)]));
  const sha256 = (file: string) =>
    createHash('sha256')
      .update(contents.get(file) ?? '')
      .digest('hex');
  return serve((request, response) => {
    const [, api, project = '', version = ''] = (request.url ?? '').split('/');
    const content = contents.get(project);
    if (api === 'files' && content) {
      if (gone()) return void response.writeHead(410).end();
      const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      const part = content.subarray(from);
      response.writeHead(from > 0 ? 206 : 200, { 'content-length': part.length });
      if (send) send(part, response);
      else response.end(part);
      return;
    }
    const own = wheels.filter(wheel => wheel.project === project);
    if (own.length === 0) return void response.writeHead(404).end();
    if (api === 'simple') {
      const links = own
        .map(wheelFile)
        .map(file => `<a href="/files/${file}#sha256=${sha256(file)}">${file}</a>`);
      return void response.writeHead(200, { 'content-type': 'text/html' }).end(links.join('\n'));
    }
    const releases: Record<string, object[]> = {};
    for (const wheel of own) {
      const filename = wheelFile(wheel);
      const size = contents.get(filename)?.length ?? 0;
      const truth = { filename, size, digests: { sha256: sha256(filename) }, yanked: false };
      const file = { ...listed(truth), url: `http://${request.headers.host}/files/${filename}` };
      releases[wheel.version] = [...(releases[wheel.version] ?? []), file];
    }
    response.end(JSON.stringify({ releases, urls: releases[version] ?? [] }));
  });
}
