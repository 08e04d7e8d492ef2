/** Downloads against a server on loopback that misbehaves in every way. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { PATIENT } from '../network/patience.js';
import { serve } from '../testing/loopback-server.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import type { Checksum } from './checksum.js';
import { download } from './download.js';
import { obtainWheel } from './obtain.js';
import type { WheelSource } from './sources.js';

const CONTENT = Buffer.alloc(100_000, 'libtensorflow ');
const sha256 = (content: Uint8Array): Checksum => ({
  algorithm: 'sha256',
  encoding: 'hex',
  digest: createHash('sha256').update(content).digest('hex'),
});

/** Serves CONTENT, whole or the range that is asked for. */
const serveContent = () =>
  serve((request, response) => {
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (from >= CONTENT.length) return void response.writeHead(416).end();
    const part = CONTENT.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': part.length }).end(part);
  });

const target = () => join(temporaryFolder(), 'downloads', 'file.whl');
const nothing = () => undefined;

describe('a download', () => {
  it('arrives whole, tells how far it is, and leaves nothing else', async () => {
    const { url } = await serveContent();
    const path = target();
    const seen: number[] = [];
    await download(`${url}/file.whl`, path, sha256(CONTENT), (received, total) => {
      expect(total).toBe(CONTENT.length);
      seen.push(received);
    });
    expect(readFileSync(path).equals(CONTENT)).toBe(true);
    expect(seen.at(-1)).toBe(CONTENT.length);
    expect(readdirSync(join(path, '..'))).toEqual(['file.whl']);
  });

  it('goes on where the last one broke off', async () => {
    let answers = 0;
    const { url } = await serve((request, response) => {
      answers++;
      if (answers === 1) {
        response.writeHead(200, { 'content-length': CONTENT.length });
        response.write(CONTENT.subarray(0, 60_000));
        setTimeout(() => response.destroy(), 200);
        return;
      }
      const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1]);
      expect(from).toBeGreaterThan(0);
      response.writeHead(206, { 'content-length': CONTENT.length - from }).end(CONTENT.subarray(from));
    });
    const path = target();
    const once = { patience: { ...PATIENT, tries: 1 } };
    const broken = download(url, path, sha256(CONTENT), nothing, once);
    await expect(broken).rejects.toThrow('cannot be fetched');
    expect(existsSync(path)).toBe(false);
    await download(url, path, sha256(CONTENT), nothing);
    expect(readFileSync(path).equals(CONTENT)).toBe(true);
  });

  it('that two setups make at once happens once', async () => {
    const { url, requests } = await serve((_, response) => {
      setTimeout(() => response.writeHead(200, { 'content-length': CONTENT.length }).end(CONTENT), 500);
    });
    const path = target();
    const notices: string[] = [];
    const asker = { notice: (text: string) => notices.push(text) };
    const both = [1, 2].map(() => download(`${url}/file.whl`, path, sha256(CONTENT), nothing, asker));
    await Promise.all(both);
    expect(readFileSync(path).equals(CONTENT)).toBe(true);
    expect(requests).toHaveLength(1);
    expect(notices).toEqual([
      expect.stringMatching(/^another kn \(process \d+ on .+\) is fetching .*file\.whl: wai/),
    ]);
    expect(readdirSync(join(path, '..'))).toEqual(['file.whl']);
  });

  it('begins again where the server knows no ranges', async () => {
    const { url } = await serve((_, response) => void response.end(CONTENT));
    const path = target();
    mkdirSync(join(path, '..'));
    writeFileSync(`${path}.part`, 'something else');
    await download(url, path, sha256(CONTENT), nothing);
    expect(readFileSync(path).equals(CONTENT)).toBe(true);
  });

  it('that was whole before its process was killed is only checked', async () => {
    const { url } = await serveContent();
    const path = target();
    mkdirSync(join(path, '..'));
    writeFileSync(`${path}.part`, CONTENT);
    await download(url, path, sha256(CONTENT), nothing);
    expect(readFileSync(path).equals(CONTENT)).toBe(true);
  });

  it('with another checksum is refused, and not kept', async () => {
    const { url } = await serveContent();
    const path = target();
    const other = sha256(Buffer.from('what it should be'));
    await expect(download(`${url}/file.whl`, path, other, nothing)).rejects.toThrow(
      `${url}/file.whl: its sha256 is ${sha256(CONTENT).digest}, not ${other.digest}`,
    );
    expect(readdirSync(join(path, '..'))).toEqual([]);
  });

  it.each([
    ['a server that is not there', async () => 'http://127.0.0.1:65533/x', 'connection refused'],
    ['no such file', async () => (await serve((_, r) => void r.writeHead(404).end())).url, 'status 404'],
  ])('from %s is refused with the reason', async (_, url, reason) => {
    const path = target();
    await expect(download(await url(), path, undefined, nothing)).rejects.toThrow(reason);
    expect(existsSync(path)).toBe(false);
  });
});

describe('a wheel', () => {
  const WHEEL: WheelSource = {
    project: 'kn-test-wheel-that-no-index-has',
    version: '1.0',
    file: 'file.whl',
    python: '3.11',
    abi: 'cp311',
    platform: 'manylinux_2_27_x86_64',
    bytes: CONTENT.length,
    sha256: sha256(CONTENT).digest,
  };
  const reporter = { step: nothing, received: nothing };

  function environment(values: Record<string, string>) {
    for (const [name, value] of Object.entries(values)) vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
  }

  const serveIndex = () =>
    serve((request, response) => {
      const url = `http://${request.headers.host}/files/file.whl`;
      const isIndex = request.url === `/pypi/${WHEEL.project}/1.0/json`;
      response.end(isIndex ? JSON.stringify({ urls: [{ filename: 'file.whl', url }] }) : CONTENT);
    });

  it('comes by HTTPS where pip cannot get it, once', async () => {
    const { url, requests } = await serveIndex();
    environment({ KN_CACHE: temporaryFolder(), KN_PYPI_URL: url, PIP_NO_INDEX: '1' });
    const path = await obtainWheel(WHEEL, reporter);
    expect(readFileSync(path).equals(CONTENT)).toBe(true);
    expect(await obtainWheel(WHEEL, reporter)).toBe(path);
    expect(requests).toHaveLength(2);
  });

  it('that a killed download left half-way is swept away by the next one', async () => {
    const { url } = await serveIndex();
    const cache = temporaryFolder();
    environment({ KN_CACHE: cache, KN_PYPI_URL: url, PIP_NO_INDEX: '1' });
    const { pid: gone } = spawnSync('true');
    const [left, busy] = [`pip-${gone}-x`, `pip-${process.pid}-x`];
    for (const name of [left, busy]) mkdirSync(join(cache, 'downloads', name), { recursive: true });
    await obtainWheel(WHEEL, reporter);
    expect(readdirSync(join(cache, 'downloads')).sort()).toEqual(['file.whl', busy]);
  });

  it('that is another one is fetched again', async () => {
    const { url } = await serveIndex();
    environment({ KN_CACHE: temporaryFolder(), KN_PYPI_URL: url, PATH: '' });
    const path = await obtainWheel(WHEEL, reporter);
    writeFileSync(path, 'damaged');
    expect(readFileSync(await obtainWheel(WHEEL, reporter)).equals(CONTENT)).toBe(true);
  });

  it('that can be had in no way is refused, with what pip and the network said', async () => {
    environment({ KN_CACHE: temporaryFolder(), KN_PYPI_URL: 'http://127.0.0.1:65533', PATH: '' });
    const refused = obtainWheel(WHEEL, reporter);
    await expect(refused).rejects.toThrow(
      /127\.0\.0\.1:65533\/pypi\/.*cannot be fetched \(connection refused\); pip is not here/,
    );
    await expect(refused).rejects.toMatchObject({ remedy: expect.stringContaining('--from PATH') });
  });
});
