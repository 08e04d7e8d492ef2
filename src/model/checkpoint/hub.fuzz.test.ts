/** What a hub answers, and what lies in the cache: nothing is fetched to another place, whatever they say. */
import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeEach, describe } from 'vitest';
import { setEnvironment } from '../../testing/environment.js';
import { fuzzFile, mutationsOf } from '../../testing/fuzz/fuzz-reader.js';
import { COMMIT } from '../../testing/hub-server.js';
import { serve } from '../../testing/loopback-server.js';
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

const serveAnswers = () =>
  serve(async (request, response) => {
    const url = request.url ?? '';
    if (url.includes('/api/models/org/tiny/revision/')) return void response.end(answers.info);
    if (url.includes('/paths-info/')) return void response.end(askedOf(answers.paths, await text(request)));
    const content = CONTENTS[url.split('/').at(-1) ?? ''];
    response.writeHead(content === undefined ? 404 : 200).end(content);
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
  beforeEach(async () => {
    const { url } = await serveAnswers();
    setEnvironment({
      ...{ HF_HOME: undefined, HF_TOKEN: undefined, HF_TOKEN_PATH: undefined, HF_HUB_OFFLINE: undefined },
      ...{ TRANSFORMERS_OFFLINE: undefined, HF_HUB_CACHE: undefined, HUGGINGFACE_HUB_CACHE: undefined },
      HF_ENDPOINT: url,
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
      [`${snapshot}/vocab.txt`]: '',
    },
    file: `${storage}/refs/main`,
    read: folder => {
      process.env.HF_HOME = join(folder, 'home');
      return fetchFromHub('org/tiny', 'main', silent);
    },
  });
});
