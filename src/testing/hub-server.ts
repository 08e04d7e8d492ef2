import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type LoopbackServer, serve } from './loopback-server.js';

export const COMMIT = 'a'.repeat(40);

export interface HubServerOptions {
  /** What the repository holds, by path. */
  readonly files: Readonly<Record<string, Buffer>>;
  /** Demanded of every request. */
  readonly token?: string;
  /** What it says the commit is, where that is not {@link COMMIT}. */
  readonly commit?: string;
  /** Changes the paths in its answers. */
  readonly renamed?: (path: string) => string;
  /** Changes what is sent of a file; `undefined` cuts the connection in the middle. */
  readonly send?: (path: string, content: Buffer) => Buffer | undefined;
  /** Answers some requests as no hub does that is well. */
  readonly instead?: (request: string) => Refusal | undefined;
  /** Of a file's answer, as mirrors give other ones. */
  readonly fileHeaders?: (path: string, hash: string) => Record<string, string>;
}

export interface Refusal {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** The files of a folder, by name. */
export function filesOf(folder: string): Record<string, Buffer> {
  return Object.fromEntries(readdirSync(folder).map(name => [name, readFileSync(join(folder, name))]));
}

/**
 * A server that speaks the hub's protocol for one model, `org/tiny`: the requests that huggingface_hub makes to find a commit, its
 * files, and their contents.
 */
export function serveHub({
  files,
  token,
  commit = COMMIT,
  renamed = path => path,
  send = (_, content) => content,
  instead = () => undefined,
  fileHeaders = (_, hash) => ({ etag: `"${hash}"`, 'x-repo-commit': COMMIT }),
}: HubServerOptions): Promise<LoopbackServer> {
  return serve(async (request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://localhost');
    const other = instead(`${request.method} ${pathname}`);
    if (other) {
      const { status, headers = {}, body = '' } = other;
      return void response.writeHead(status, headers).end(body);
    }
    if (token && request.headers.authorization !== `Bearer ${token}`)
      return json(response, 401, { error: 'Invalid username or password.' });
    if (
      pathname === '/api/models/org/tiny/revision/main' ||
      pathname === `/api/models/org/tiny/revision/${COMMIT}`
    ) {
      const siblings = Object.keys(files).map(rfilename => ({ rfilename }));
      return json(response, 200, {
        _id: '1',
        id: 'org/tiny',
        sha: commit,
        siblings,
        private: false,
        gated: false,
      });
    }
    if (pathname === `/api/models/org/tiny/paths-info/${COMMIT}`) {
      const { paths }: { paths: string[] } = JSON.parse(await text(request));
      return json(
        response,
        200,
        paths
          .filter(path => path in files)
          .map(path => ({ ...pathInfo(path, files[path]), path: renamed(path) })),
      );
    }
    const [, revision, path = ''] = /^\/org\/tiny\/resolve\/([^/]+)\/(.+)$/.exec(pathname) ?? [];
    if (!['main', COMMIT].includes(revision ?? '') || !(path in files))
      return json(response, 404, { error: 'Repository not found' });
    const [start, end] = rangeOf(request.headers.range, files[path].length);
    const content = files[path].subarray(start, end + 1);
    const { oid, lfs } = pathInfo(path, files[path]);
    response.writeHead(request.headers.range ? 206 : 200, {
      ...fileHeaders(path, lfs?.oid ?? oid),
      'content-length': content.length,
      ...(request.headers.range && { 'content-range': `bytes ${start}-${end}/${files[path].length}` }),
    });
    if (request.method === 'HEAD') return void response.end();
    const sent = content.length > 1 ? send(path, content) : content;
    if (sent) return void response.end(sent);
    response.write(content.subarray(0, content.length / 2), () => response.destroy());
  });
}

function pathInfo(path: string, content: Buffer) {
  const gitHash = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
  const sha256 = createHash('sha256').update(content).digest('hex');
  const large = path.endsWith('.safetensors');
  return {
    type: 'file',
    path,
    oid: gitHash,
    size: content.length,
    lfs: large ? { oid: sha256, size: content.length, pointerSize: 130 } : undefined,
  };
}

function rangeOf(header: string | undefined, size: number): [number, number] {
  const match = /^bytes=(\d+)-(\d*)$/.exec(header ?? '');
  if (!match) return [0, size - 1];
  return [Number(match[1]), match[2] ? Math.min(Number(match[2]), size - 1) : size - 1];
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
