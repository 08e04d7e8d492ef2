/** What a hub answers, and what lies in the cache: nothing is fetched to another place, whatever they say. */
import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { setEnvironment } from '../../testing/environment.js';
import { fuzzFile, mutationsOf } from '../../testing/fuzz/fuzz-reader.js';
import { COMMIT } from '../../testing/hub-server.js';
import { type DownloadReporter, fetchFromHub, type ModelPart } from './hub.js';

const CONTENTS: Readonly<Record<string, string>> = {
  'config.json': '{"model_type": "bert"}',
  'model.safetensors.index.json': '{"weight_map": {"a": "a.safetensors"}}',
  'a.safetensors': 'weights',
};

const info = {
  ...{ _id: '1', id: 'org/tiny', sha: COMMIT, private: false, gated: false },
  siblings: Object.keys(CONTENTS).map(rfilename => ({ rfilename })),
};
const paths = Object.entries(CONTENTS).map(([path, content]) => {
  const bytes = Buffer.byteLength(content);
  const oid = createHash('sha1').update(`blob ${bytes}\0`).update(content).digest('hex');
  const sha256 = createHash('sha256').update(content).digest('hex');
  const large = path.endsWith('.safetensors') && { lfs: { oid: sha256, size: bytes, pointerSize: 130 } };
  return { type: 'file', path, oid, size: bytes, ...large };
});

/** What the server answers with; a test puts others in their place. */
const answers: Record<'info' | 'paths', string | Buffer> = {
  info: JSON.stringify(info),
  paths: JSON.stringify(paths),
};

/** Of an answer, be it as it may, without the files that were not asked for. */
function askedOf(answer: string | Buffer, body: string): string | Buffer {
  try {
    const { paths }: { paths: unknown[] } = JSON.parse(body);
    const all: unknown[] = JSON.parse(String(answer));
    const unasked = Object.keys(CONTENTS).filter(name => !paths.includes(name));
    return JSON.stringify(all.filter(file => !unasked.includes(Object(file).path)));
  } catch {
    return answer;
  }
}

/** A hub in this process: through sockets it would be three times as slow. */
async function answer(asked: string | URL | Request, { body, headers }: RequestInit = {}): Promise<Response> {
  const url = String(asked instanceof Request ? asked.url : asked);
  const json = (content: string | Buffer) =>
    new Response(content, { headers: { 'content-type': 'application/json' } });
  if (url.includes('/api/models/org/tiny/revision/')) return json(answers.info);
  if (url.includes('/paths-info/')) return json(askedOf(answers.paths, String(body)));
  const name = url.split('/').at(-1)?.split('?')[0] ?? '';
  const content = CONTENTS[name];
  if (content === undefined) return new Response('{"error":"none"}', { status: 404 });
  const [from, to] = /bytes=(\d+)-(\d*)/.exec(new Headers(headers).get('range') ?? '')?.slice(1) ?? [];
  const part = Buffer.from(content).subarray(Number(from ?? 0), to ? Number(to) + 1 : undefined);
  return new Response(part, {
    status: from === undefined ? 200 : 206,
    headers: {
      etag: '"x"',
      'content-length': String(part.length),
      ...(from !== undefined && {
        'content-range': `bytes ${from}-${to || content.length - 1}/${content.length}`,
      }),
    },
  });
}

const real = globalThis.fetch;
beforeAll(() => {
  globalThis.fetch = answer;
});
afterAll(() => {
  globalThis.fetch = real;
});

const silent: DownloadReporter = { progress: () => undefined, notice: () => undefined };

/** Fetches into an empty cache in `folder`. */
async function fetchInto(folder: string, part: ModelPart): Promise<unknown> {
  const home = join(folder, 'home');
  rmSync(home, { recursive: true, force: true });
  process.env.HF_HOME = home;
  return fetchFromHub('org/tiny', 'main', silent, part);
}

describe('a hub', () => {
  beforeEach(() => {
    setEnvironment({
      ...{ HF_HOME: undefined, HF_TOKEN: undefined, HF_TOKEN_PATH: undefined, HF_HUB_OFFLINE: undefined },
      ...{ TRANSFORMERS_OFFLINE: undefined, HF_HUB_CACHE: undefined, HUGGINGFACE_HUB_CACHE: undefined },
      HF_ENDPOINT: 'http://hub.invalid',
    });
    Object.assign(answers, { info: JSON.stringify(info), paths: JSON.stringify(paths) });
  });

  for (const [what, valid] of Object.entries({
    info: JSON.stringify(info),
    paths: JSON.stringify(paths),
  })) {
    fuzzFile(`${what} of a hub`, {
      files: { answer: valid },
      file: 'answer',
      mutations: mutationsOf('answer.json', valid),
      read: async folder => {
        Object.assign(answers, { [what]: readFileSync(join(folder, 'answer')) });
        return fetchInto(folder, what === 'paths' ? 'whole' : 'description');
      },
    });
  }
});

describe('a cache', () => {
  beforeEach(() => setEnvironment({ HF_HOME: undefined, HF_HUB_OFFLINE: '1' }));

  const storage = 'home/hub/models--org--tiny';
  const snapshot = `${storage}/snapshots/${COMMIT}`;
  fuzzFile('ref of a cache', {
    files: {
      [`${storage}/refs/main`]: COMMIT,
      [`${snapshot}/config.json`]: '{}',
      [`${snapshot}/model.safetensors`]: '',
    },
    file: `${storage}/refs/main`,
    read: folder => {
      process.env.HF_HOME = join(folder, 'home');
      return fetchFromHub('org/tiny', 'main', silent);
    },
  });
});
