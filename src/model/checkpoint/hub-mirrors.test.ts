/** Mirrors of the hub, which speak a part of its protocol. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { setEnvironment } from '../../testing/environment.js';
import { DEMO_FILES, fetchAndListen, fetchTiny, hubWith } from '../../testing/hub-and-cache.js';
import { COMMIT, serveHub } from '../../testing/hub-server.js';
import { serve } from '../../testing/loopback-server.js';

const WEIGHTS = 'model.safetensors';
const weightsOf = (folder: string) => readFileSync(join(folder, WEIGHTS));
const blobOf = (folder: string, file: string) => basename(readlinkSync(join(folder, file)));

/** Has no such address. */
const without = (api: RegExp, status: number) => (request: string) =>
  api.test(request) ? { status, body: '<html>no such thing' } : undefined;

/** Headers of a file server that knows nothing of hubs. */
const plain =
  (etag: (hash: string) => string | undefined, commit = true) =>
  (path: string, hash: string) => {
    const given = etag(path === WEIGHTS ? hash : `"w-${path.length}"`);
    return { ...(given && { etag: given }), ...(commit && { 'x-repo-commit': COMMIT }) };
  };

describe('a mirror', () => {
  it.each(['token-of-no-known-form', 'eyJhbGciOi.JIUzI1.NiIs=='])('takes its own token: %s', async token => {
    await hubWith({ token });
    setEnvironment({ HF_TOKEN: ` ${token}\n` });
    expect((await fetchTiny()).revision).toBe(COMMIT);
    setEnvironment({ HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' });
    await expect(fetchTiny()).resolves.toMatchObject({ whole: true }); // from the cache
  });

  it('takes the older HUGGING_FACE_HUB_TOKEN too', async () => {
    await hubWith({ token: 'secret' });
    setEnvironment({ HUGGING_FACE_HUB_TOKEN: 'secret' });
    expect((await fetchTiny()).revision).toBe(COMMIT);
  });

  it.each([400, 404, 405, 500, 501])('without paths-info (status %i) is asked for headers', async status => {
    const { server } = await hubWith({ instead: without(/paths-info/, status) });
    const { model, notices } = await fetchAndListen();
    expect(weightsOf(model.folder).equals(DEMO_FILES[WEIGHTS])).toBe(true);
    expect(notices.filter(text => !/trying again/.test(text))).toEqual([]);
    expect(server.requests).toContain(`HEAD /org/tiny/resolve/${COMMIT}/${WEIGHTS}`);
  });

  it.each([404, 405])('with files alone (status %i for any API) is enough', async status => {
    await hubWith({ instead: without(/\/api\//, status) });
    const { model, notices } = await fetchAndListen();
    expect(model).toMatchObject({ revision: COMMIT, whole: true });
    for (const [name, content] of Object.entries(DEMO_FILES).filter(([name]) =>
      /json|safetensors/.test(name),
    ))
      expect(
        existsSync(join(model.folder, name)) && readFileSync(join(model.folder, name)).equals(content),
        name,
      ).toBe(true);
    expect(notices).toEqual([]);
    expect(blobOf(model.folder, WEIGHTS)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('below a path, with a user and password in its address, is asked there', async () => {
    const hub = await serveHub({ files: DEMO_FILES });
    const seen = new Set<string | undefined>();
    const mirror = await serve((request, response) => {
      seen.add(request.headers.authorization);
      const location = `${hub.url}${request.url?.replace('/artifactory/api/hf', '')}`;
      response.writeHead(307, { location }).end();
    });
    await hubWith();
    setEnvironment({ HF_ENDPOINT: `${mirror.url.replace('//', '//me:secret@')}/artifactory/api/hf/` });
    expect((await fetchTiny()).revision).toBe(COMMIT);
    expect([...seen]).toEqual([`Basic ${Buffer.from('me:secret').toString('base64')}`]);
    setEnvironment({ HF_ENDPOINT: 'http://me:secret@127.0.0.1:65533/hf' });
    const { notices } = await fetchAndListen();
    expect(notices).toEqual([expect.stringContaining('http://me:***@127.0.0.1:65533/hf cannot be reached')]);
  });

  it('whose ETag is no hash is taken at its word, with a line that says so', async () => {
    const etag = () => '"5f3c-abc"';
    await hubWith({ instead: without(/\/api\//, 404), fileHeaders: plain(etag), files: justWeights() });
    const { model, notices } = await fetchAndListen();
    expect(notices).toEqual([
      expect.stringMatching(/ gives no hash of config.json, model.safetensors of org\/tiny: only/),
    ]);
    expect(blobOf(model.folder, WEIGHTS)).toMatch(/^[\w-]{43}$/);
  });

  it('that gives files and commits the same ETag gives none the content of another', async () => {
    // nginx makes it of time and size; an image that is built anew may have both as they were.
    const newer = 'b'.repeat(40);
    let commit = COMMIT;
    let weights = DEMO_FILES[WEIGHTS];
    await hubWith();
    const mirror = await serve((request, response) => {
      const path = /\/resolve\/\w+\/(.*)/.exec(request.url ?? '')?.[1] ?? '';
      const content = path === WEIGHTS ? weights : path === 'config.json' ? DEMO_FILES[path] : undefined;
      if (!content) return void response.writeHead(404).end();
      const headers = { etag: '"same"', 'x-repo-commit': commit, 'content-length': content.length };
      response.writeHead(200, headers).end(request.method === 'HEAD' ? '' : content);
    });
    setEnvironment({ HF_ENDPOINT: mirror.url });
    const first = await fetchTiny();
    expect(readFileSync(join(first.folder, 'config.json')).equals(DEMO_FILES['config.json'])).toBe(true);
    weights = Buffer.from(weights.map((byte, i) => (i === weights.length - 9 ? byte ^ 1 : byte)));
    commit = newer;
    const second = await fetchTiny();
    expect(second.revision).toBe(newer);
    expect(weightsOf(second.folder).equals(weights)).toBe(true);
    expect(weightsOf(first.folder).equals(DEMO_FILES[WEIGHTS])).toBe(true);
  });

  it('without any ETag is too, and no name of its makes a path', async () => {
    for (const etag of [undefined, '"../../../outside"']) {
      const { home } = await hubWith({
        ...{ instead: without(/\/api\//, 404), fileHeaders: plain(() => etag), files: justWeights() },
      });
      const { model } = await fetchAndListen();
      expect(weightsOf(model.folder).equals(DEMO_FILES[WEIGHTS])).toBe(true);
      expect(existsSync(join(home, 'outside'))).toBe(false);
    }
  });

  it('whose ETag is the plain SHA-1 is verified by that', async () => {
    const sha1 = createHash('sha1').update(DEMO_FILES[WEIGHTS]).digest('hex');
    const files = justWeights();
    const headers = { instead: without(/\/api\//, 404), fileHeaders: plain(() => `"${sha1}"`) };
    await hubWith({ files: { [WEIGHTS]: files[WEIGHTS], 'config.json': files[WEIGHTS] }, ...headers });
    expect((await fetchAndListen()).notices).toEqual([]);
    const flip = (content: Buffer) => Buffer.from(content.map((byte, i) => (i === 9 ? byte ^ 1 : byte)));
    await hubWith({ files, ...headers, send: (_, content) => flip(content) });
    await expect(fetchTiny()).rejects.toThrow('what arrived is not the file that the hub announced');
  });

  it('that gives no hash, and weights whose header does not agree with their size, is refused', async () => {
    const files = { ...justWeights(), [WEIGHTS]: DEMO_FILES[WEIGHTS].subarray(0, -4) };
    const { storage } = await hubWith({
      ...{ files, instead: without(/\/api\//, 404), fileHeaders: plain(path => `"${path.length}"`) },
    });
    await expect(fetchTiny()).rejects.toThrow(`org/tiny/${WEIGHTS}`);
    expect(existsSync(join(storage, 'snapshots', COMMIT, WEIGHTS))).toBe(false);
  });

  it('that names no commit is refused, but where the commit is asked for', async () => {
    await hubWith({ instead: without(/\/api\//, 404), fileHeaders: (_, hash) => ({ etag: hash }) });
    await expect(fetchTiny()).rejects.toMatchObject({
      message: expect.stringContaining('does not say which commit "main" is (no X-Repo-Commit)'),
      remedy: expect.stringContaining('Give the commit with --revision'),
    });
    expect((await fetchTiny(undefined, COMMIT)).revision).toBe(COMMIT);
  });
});

/** Few files, so that each is named. */
function justWeights(): Record<string, Buffer> {
  return { 'config.json': DEMO_FILES['config.json'], [WEIGHTS]: DEMO_FILES[WEIGHTS] };
}
