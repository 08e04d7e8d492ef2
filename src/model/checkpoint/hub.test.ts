import { existsSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir, stat, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEMO_MODEL } from '../../embedded.js';
import { UserError } from '../../errors.js';
import { PATIENT } from '../../network/patience.js';
import { takeLock } from '../../runtime/locks/process-lock.js';
import { LOCK_TIMES } from '../../runtime/locks/silence-watch.js';
import { setEnvironment } from '../../testing/environment.js';
import { DEMO_FILES, fetchAndListen, fetchTiny, hubWith, silent } from '../../testing/hub-and-cache.js';
import { COMMIT } from '../../testing/hub-server.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { fetchFromHub } from './hub.js';
import { locateModel } from './locate.js';

describe('a model of the hub', () => {
  it("arrives in the cache that Python's huggingface_hub uses, laid out as it does", async () => {
    const { storage } = await hubWith();
    const { folder, revision } = await fetchTiny();
    expect(revision).toBe(COMMIT);
    expect(folder).toBe(join(storage, 'snapshots', COMMIT));
    expect(readFileSync(join(storage, 'refs', 'main'), 'utf8')).toBe(COMMIT);
    for (const name of ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']) {
      expect(readFileSync(join(folder, name)).equals(DEMO_FILES[name])).toBe(true);
      expect(readlinkSync(join(folder, name))).toMatch(/^\.\.\/\.\.\/blobs\/[0-9a-f]{40,64}$/);
    }
    expect(readdirSync(join(storage, 'blobs')).filter(name => !/^[0-9a-f]+$/.test(name))).toEqual([]);
  });

  it('is fetched with progress, and without the files that kn does not read', async () => {
    const { server } = await hubWith({
      files: { ...DEMO_FILES, 'pytorch_model.bin': Buffer.alloc(9), 'README.md': Buffer.alloc(9) },
    });
    const seen = new Map<string, number[]>();
    await fetchTiny({ ...silent, progress: (file, received, total) => seen.set(file, [received, total]) });
    const size = DEMO_FILES['model.safetensors'].length;
    expect(seen.get('model.safetensors')).toEqual([size, size]);
    expect(server.requests.some(request => /bin|README/.test(request))).toBe(false);
  });

  it('is fetched with all files that a tokenizer is read from', async () => {
    const beside = ['special_tokens_map.json', 'added_tokens.json', 'vocab.txt'];
    const others = Object.fromEntries(beside.map(name => [name, Buffer.from('{}')]));
    await hubWith({ files: { ...DEMO_FILES, ...others } });
    const { folder } = await fetchTiny();
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(beside));
  });

  it.each([
    ['a commit outside the cache', { commit: '../../../outside' }, 'gave "../../../outside" for a commit'],
    ['a commit that is none', { commit: `${'a'.repeat(39)}Z` }, 'for a commit'],
    ['no commit', { commit: '' }, 'gave no commit'],
    [
      'a path outside the snapshot',
      { renamed: () => '../../../../outside' },
      'answered with "../../../../outside", which was not asked for',
    ],
    ['a path that was not asked for', { renamed: () => 'setup.py' }, 'answered with "setup.py"'],
  ])('is refused, and nothing is written, where the hub gives %s', async (_, lies, message) => {
    const { storage } = await hubWith(lies);
    await expect(fetchTiny()).rejects.toThrow(UserError);
    await expect(fetchTiny()).rejects.toThrow(message);
    const cache = join(storage, '../..');
    const written = readdirSync(cache, { recursive: true, encoding: 'utf8' });
    expect(written.filter(name => /outside|setup|blobs\/[0-9a-f]|snapshots\/./.test(name))).toEqual([]);
  });

  it('is fetched where a link lies in the place of what names its commit, which is left as it is', async () => {
    const { storage } = await hubWith();
    const outside = join(temporaryFolder(), 'precious');
    await writeFile(outside, 'precious');
    await mkdir(join(storage, 'refs'), { recursive: true });
    const ref = join(storage, 'refs', 'main');
    symlinkSync(outside, ref);
    const { model, notices } = await fetchAndListen();
    expect(model.whole).toBe(true);
    expect(notices).toEqual([
      `${ref}: cannot be written (it is a link): without a network, org/tiny will not be found by this revision`,
    ]);
    expect(readFileSync(outside, 'utf8')).toBe('precious');
  });

  it.each(['../..', 'refs/../../x', '/etc/passwd', 'a//b', '..\\..', 'main\u001b', '', '.'])(
    'is refused where the revision is %j',
    async revision => {
      const { server } = await hubWith();
      await expect(fetchFromHub('org/tiny', revision, silent)).rejects.toThrow('is the name of no revision');
      expect(server.requests).toEqual([]);
    },
  );

  it('is not fetched again', async () => {
    const { server } = await hubWith();
    await fetchTiny();
    const before = server.requests.length;
    await fetchTiny();
    expect(server.requests.slice(before)).toEqual([
      expect.stringContaining('/api/models/org/tiny/revision/main'),
    ]);
  });

  it('is found in the cache offline, and where the hub does not answer, with a word about it', async () => {
    await hubWith();
    const online = await fetchTiny();
    setEnvironment({ HF_HUB_OFFLINE: '1', HF_ENDPOINT: 'http://127.0.0.1:65533' });
    expect(await fetchTiny()).toEqual(online);
    setEnvironment({ HF_HUB_OFFLINE: '0' });
    const notices: string[] = [];
    expect(await fetchTiny({ ...silent, notice: text => notices.push(text) })).toEqual(online);
    expect(notices).toEqual([
      'http://127.0.0.1:65533 cannot be reached (connection refused): using org/tiny from the cache',
    ]);
  });

  it.each([
    [{ HF_HUB_OFFLINE: '1' }, 'and HF_HUB_OFFLINE is set'],
    [
      { HF_ENDPOINT: 'http://127.0.0.1:65533' },
      'org/tiny: not in the cache, and http://127.0.0.1:65533 cannot be reached (connection refused)',
    ],
  ])('that is not cached is refused with %o, naming the demo', async (environment, message) => {
    await hubWith();
    setEnvironment(environment);
    await expect(fetchTiny()).rejects.toMatchObject({
      message: expect.stringContaining(message),
      remedy: expect.stringContaining('--model demo'),
    });
  });

  it('is asked for with the token', async () => {
    await hubWith({ token: 'hf_secret' });
    await expect(fetchTiny()).rejects.toThrow(
      'org/tiny: the hub has no such model, or it is not open to you (status 401)',
    );
    setEnvironment({ HF_TOKEN: 'sécret' });
    await expect(fetchTiny()).rejects.toThrow('HF_TOKEN: no access token');
    setEnvironment({ HF_TOKEN: 'hf_secret' });
    expect((await fetchTiny()).revision).toBe(COMMIT);
  });

  it('that the hub does not have is refused', async () => {
    await hubWith();
    await expect(fetchFromHub('org/other', 'main', silent)).rejects.toThrow(
      'org/other: the hub has no such model',
    );
  });

  it('may be sharded', async () => {
    const { 'model.safetensors': weights, ...rest } = DEMO_FILES;
    const index = Buffer.from(JSON.stringify({ weight_map: { a: 'model-00001-of-00001.safetensors' } }));
    await hubWith({
      files: { ...rest, 'model.safetensors.index.json': index, 'model-00001-of-00001.safetensors': weights },
    });
    const { folder } = await fetchTiny();
    expect(existsSync(join(folder, 'model-00001-of-00001.safetensors'))).toBe(true);
  });

  it('with pickled weights alone is refused, with the way to convert them', async () => {
    const { 'model.safetensors': _, ...rest } = DEMO_FILES;
    await hubWith({ files: { ...rest, 'pytorch_model.bin': Buffer.alloc(9) } });
    await expect(fetchTiny()).rejects.toThrow(
      'org/tiny/pytorch_model.bin: a .bin checkpoint holds pickled Python code',
    );
  });
});

describe('a download', () => {
  it('that is cut off is gone on with', async () => {
    let cut = true;
    const { server, storage } = await hubWith({
      send: (path, content) => (cut && path === 'model.safetensors' ? undefined : content),
    });
    await expect(fetchTiny()).rejects.toThrow('org/tiny: not in the cache');
    const incomplete = readdirSync(join(storage, 'blobs')).filter(name => name.endsWith('.incomplete'));
    expect(incomplete).toHaveLength(1);
    const { size } = await stat(join(storage, 'blobs', incomplete[0]));
    expect(size).toBeGreaterThan(0);
    cut = false;
    const first: number[] = [];
    const { folder } = await fetchTiny({
      ...silent,
      progress: (file, received) => file === 'model.safetensors' && first.push(received),
    });
    expect(first[0]).toBe(size);
    expect(readFileSync(join(folder, 'model.safetensors')).equals(DEMO_FILES['model.safetensors'])).toBe(
      true,
    );
    expect(server.requests.length).toBeGreaterThan(0);
  });

  it.each(['model.safetensors', 'config.json'])(
    'that brings another %s than announced is refused, and nothing of it kept',
    async file => {
      const { storage } = await hubWith({
        send: (path, content) =>
          path === file ? Buffer.from(content.map((byte, i) => (i === 9 ? byte ^ 1 : byte))) : content,
      });
      await expect(fetchTiny()).rejects.toThrow(
        `org/tiny/${file}: what arrived is not the file that the hub announced`,
      );
      expect(existsSync(join(storage, 'snapshots', COMMIT, file))).toBe(false);
      expect(readdirSync(join(storage, 'blobs')).filter(name => name.endsWith('.incomplete'))).toEqual([]);
    },
  );

  it('that its caller ends keeps what came, and nobody waits for the rest', async () => {
    const caller = new AbortController();
    const { storage } = await hubWith({
      send: (path, content) => {
        if (path !== 'model.safetensors') return content;
        setTimeout(() => caller.abort(new Error('Ctrl-C')), 100);
        return undefined;
      },
    });
    const patience = { ...PATIENT, firstWait: 60_000 };
    const ended = fetchFromHub('org/tiny', 'main', { ...silent, signal: caller.signal }, 'whole', patience);
    await expect(ended).rejects.toThrow('Ctrl-C');
    const [left] = readdirSync(join(storage, 'blobs')).filter(name => name.endsWith('.incomplete'));
    expect((await stat(join(storage, 'blobs', left))).size).toBeGreaterThan(0);
    expect(readdirSync(join(storage, 'blobs')).filter(name => name.endsWith('.lock'))).toEqual([]);
  });

  it('that two runs make at once happens once', async () => {
    const { server } = await hubWith();
    const [a, b] = await Promise.all([fetchTiny(), fetchTiny()]);
    expect(a).toEqual(b);
    const bodies = server.requests.filter(
      request => request.includes('/resolve/') && request.includes('model.safetensors'),
    );
    expect(bodies.length).toBeLessThanOrEqual(2); // one question for its size, one for its content
  });

  it('that another kn makes is waited for, and it is said whose it is', async () => {
    const { storage } = await hubWith();
    const link = join((await fetchTiny()).folder, 'config.json');
    const blob = join(storage, 'blobs', basename(readlinkSync(link)));
    for (const path of [link, blob]) await unlink(path);
    const taken = await takeLock(`${blob}.lock`);
    if (!('lock' in taken)) throw new Error('somebody has it');
    const notices: string[] = [];
    const notice = (text: string) => {
      notices.push(text);
      void taken.lock.release();
    };
    await fetchTiny({ ...silent, notice });
    const waiting =
      / \(process (\d+) on (\S+), since \S+\) is fetching org\/tiny\/config\.json: waiting for it$/;
    expect(waiting.exec(notices[0])?.slice(1)).toEqual([String(process.pid), hostname()]);
    expect(existsSync(link)).toBe(true);
  });

  it('is left to another kn that has taken it over meanwhile', async () => {
    const { storage } = await hubWith();
    const blobs = join(storage, 'blobs');
    const other = JSON.stringify({ pid: 7, host: 'node-2', started: '1', since: 'now' });
    let received = 0;
    const progress = (file: string, bytes: number) => {
      if (file !== 'model.safetensors' || bytes === 0) return;
      received++;
      const lock = readdirSync(blobs).find(name => name.endsWith('.lock')) ?? '';
      writeFileSync(join(blobs, lock), other);
      // As long as it takes the thread that touches the lock to see that; the event loop stands still meanwhile, as at SIGSTOP.
      if (received === 1)
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_TIMES.touch + 1000);
    };
    await expect(fetchTiny({ ...silent, progress })).rejects.toThrow(
      /^org\/tiny\/model\.safetensors: another kn \(process 7 on node-2\) went on with its download while this one st/,
    );
    expect(received).toBe(1);
    const left = readdirSync(blobs).filter(name => /\.(lock|incomplete)$/.test(name));
    expect(left).toHaveLength(2);
  });
});

describe('--model', () => {
  it('is a folder before it is a hub id', async () => {
    const { server } = await hubWith();
    const parent = temporaryFolder();
    await mkdir(join(parent, 'org/tiny'), { recursive: true });
    const before = process.cwd();
    process.chdir(parent);
    try {
      expect(await locateModel('org/tiny', 'main', silent)).toMatchObject({ name: 'tiny', revision: null });
      expect(server.requests).toEqual([]);
    } finally {
      process.chdir(before);
    }
    expect(await locateModel('org/tiny', 'main', silent)).toMatchObject({
      name: 'tiny',
      id: 'org/tiny',
      revision: COMMIT,
    });
  });

  it('is the embedded model as demo', async () => {
    expect(await locateModel('demo', 'main', silent)).toMatchObject({ name: 'demo', folder: DEMO_MODEL });
  });

  it('is refused where it is no folder and no hub id can look so, or a file', async () => {
    await expect(locateModel('./nowhere', 'main', silent)).rejects.toThrow('./nowhere: no such folder');
    await expect(locateModel('/no/such/place', 'main', silent)).rejects.toThrow('no such folder');
    const file = join(temporaryFolder(), 'model.safetensors');
    await writeFile(file, 'x');
    await expect(locateModel(file, 'main', silent)).rejects.toThrow('a file, where a model is a folder');
  });
});
