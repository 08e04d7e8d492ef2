import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PATIENT } from '../network/patience.js';
import { setEnvironment } from '../testing/environment.js';
import { type LoopbackServer, serve } from '../testing/loopback-server.js';
import { describeWith, REAL_PARAREL } from '../testing/shared.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { openDataset } from './dataset.js';
import { fetchPararel } from './pararel.js';
import type { FetchReporter } from './source.js';

/** The upstream repository's files, with some changed on the way. */
function upstream(
  change: (path: string, content: Buffer) => Buffer | undefined = (_, content) => content,
): Promise<LoopbackServer> {
  return serve(async (request, response) => {
    const path = (request.url ?? '')
      .replace('/data/pattern_data/graphs_json/', '/graphs_json/')
      .replace('/data/', '/');
    const file = join(REAL_PARAREL, path);
    const content = existsSync(file) ? change(path, await readFile(file)) : undefined;
    response.writeHead(content ? 200 : 404).end(content);
  });
}

const quiet: FetchReporter = { progress: () => undefined, notice: () => undefined };

describeWith(REAL_PARAREL, 'the download of PARAREL', () => {
  it('fetches every file once, with progress, and is the real data set', async () => {
    const server = await upstream();
    setEnvironment({ KN_CACHE: temporaryFolder(), KN_PARAREL_URL: server.url });
    const progress: string[] = [];
    const folder = await fetchPararel({
      ...quiet,
      progress: (done, total) => progress.push(`${done}/${total}`),
    });
    expect(server.requests).toHaveLength(78);
    expect([progress[0], progress.at(-1)]).toEqual(['0/78', '78/78']);
    expect((await openDataset(folder)).sha256).toBe((await openDataset(REAL_PARAREL)).sha256);
    await fetchPararel(quiet);
    expect(server.requests).toHaveLength(78);
  });

  it('fetches a damaged file again', async () => {
    const server = await upstream();
    setEnvironment({ KN_CACHE: temporaryFolder(), KN_PARAREL_URL: server.url });
    const folder = await fetchPararel(quiet);
    await writeFile(join(folder, 'graphs_json/P36.jsonl'), 'x');
    await fetchPararel(quiet);
    expect(server.requests.slice(78)).toEqual(['GET /data/pattern_data/graphs_json/P36.jsonl']);
  });

  it('refuses a file that is not that of the pinned commit, and keeps none of it', async () => {
    const server = await upstream((path, content) =>
      path.endsWith('P36.jsonl') ? content.subarray(1) : content,
    );
    const cache = temporaryFolder();
    setEnvironment({ KN_CACHE: cache, KN_PARAREL_URL: server.url });
    await expect(fetchPararel(quiet)).rejects.toThrow('P36.jsonl: not the file of commit cb5554678457');
    expect(
      existsSync(join(cache, 'pararel/cb5554678457beb5ac163d888f1ce8cf174b3f0b/graphs_json/P36.jsonl')),
    ).toBe(false);
  });

  it('goes on where the server is busy for a moment, and says so once', async () => {
    let busy = 8;
    const server = await serve(async (request, response) => {
      if (busy-- > 0) return void response.writeHead(429, { 'retry-after': '0.1' }).end();
      const path = (request.url ?? '').replace(/^\/data\/(pattern_data\/)?/, '/');
      response.end(await readFile(join(REAL_PARAREL, path)));
    });
    setEnvironment({ KN_CACHE: temporaryFolder(), KN_PARAREL_URL: server.url });
    const notices: string[] = [];
    const patience = { ...PATIENT, firstWait: 1 };
    await fetchPararel({ ...quiet, notice: text => notices.push(text) }, patience);
    expect(server.requests).toHaveLength(78 + 8);
    expect(notices).toEqual([expect.stringMatching(/ answers with status 429: trying again in 0.1 s$/)]);
  });

  it('goes on where it was interrupted', async () => {
    let left = 20;
    const failing = await upstream((_, content) => (left-- > 0 ? content : undefined));
    setEnvironment({ KN_CACHE: temporaryFolder(), KN_PARAREL_URL: failing.url });
    await expect(fetchPararel(quiet)).rejects.toThrow('cannot be fetched (status 404)');
    const server = await upstream();
    setEnvironment({ KN_PARAREL_URL: server.url });
    await fetchPararel(quiet);
    expect(server.requests.length).toBeLessThan(70);
  });
});

describe('without a network', () => {
  it('PARAREL is refused with the ways to go on', async () => {
    setEnvironment({ KN_CACHE: temporaryFolder(), KN_PARAREL_URL: 'http://127.0.0.1:65533' });
    await expect(fetchPararel(quiet)).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringContaining('PARAREL is not in the cache, and http://127.0.0.1:65533/'),
      remedy: expect.stringContaining('--data demo'),
    });
  });
});
