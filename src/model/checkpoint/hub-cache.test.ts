import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { setEnvironment } from '../../testing/environment.js';
import { DEMO_FILES, fetchAndListen, fetchTiny, hubWith } from '../../testing/hub-and-cache.js';
import { COMMIT } from '../../testing/hub-server.js';
import { canMount } from '../../testing/small-disk.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { putIntoSnapshot } from './hub-cache.js';

/** Lets this process read a folder and not write there; for root, who may do all, as somebody else. */
function makeReadOnly(folder: string): void {
  const set = (mode: number) => {
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      const path = join(folder, name);
      if (!lstatSync(path).isSymbolicLink())
        chmodSync(path, statSync(path).isDirectory() ? mode : mode & 0o666);
    }
    chmodSync(folder, mode);
  };
  set(0o555);
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65534);
  onTestFinished(() => {
    if (isRoot) process.seteuid?.(0);
    set(0o755);
  });
}

const blobsOf = (folder: string) => join(folder, '..', '..', 'blobs');

describe('a cache that is read-only', () => {
  it('and whole serves, with nothing to say', async () => {
    const { home } = await hubWith();
    const online = await fetchTiny();
    makeReadOnly(home);
    expect(await fetchAndListen()).toEqual({ model: online, notices: [] });
  });

  it('and whole serves though it cannot note what a revision is', async () => {
    const { home, storage } = await hubWith();
    await fetchTiny();
    rmSync(join(storage, 'refs'), { recursive: true });
    makeReadOnly(home);
    const { model, notices } = await fetchAndListen();
    expect(model).toMatchObject({ revision: COMMIT, whole: true });
    expect(notices).toEqual([expect.stringContaining('refs/main: cannot be written (permission denied)')]);
  });

  it('and whole serves where the hub has a newer one', async () => {
    let commit = '';
    const { home } = await hubWith({
      instead: request => {
        if (commit === '' || !request.includes('/revision/')) return undefined;
        const siblings = [{ rfilename: 'config.json' }, { rfilename: 'model.safetensors' }];
        return { status: 200, body: JSON.stringify({ sha: commit, siblings }) };
      },
    });
    const online = await fetchTiny();
    commit = 'b'.repeat(40);
    makeReadOnly(home);
    const { model, notices } = await fetchAndListen();
    expect(model).toEqual(online);
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatch(/: using org\/tiny from the cache$/);
  });

  it('and whole but for what Python had no use for serves, also without a note of what the revision is', async () => {
    const { home, storage } = await hubWith();
    const { folder } = await fetchTiny();
    unlinkSync(join(folder, 'tokenizer_config.json'));
    rmSync(join(storage, 'refs'), { recursive: true });
    makeReadOnly(home);
    const { model, notices } = await fetchAndListen();
    expect(model).toEqual({ folder, revision: COMMIT, whole: true });
    expect(notices).toEqual([
      expect.stringMatching(/cannot be written \(permission denied\): using org\/tiny from the cache$/),
    ]);
  });

  it.skipIf(!canMount)(
    `by its file system says that it is${canMount ? '' : ' (skipped: this user may not mount one)'}`,
    () => {
      const built = fileURLToPath(new URL('../../../dist/model/checkpoint/hub-cache.js', import.meta.url));
      const storage = temporaryFolder();
      const script = `
        const { noteCommit } = await import(${JSON.stringify(built)});
        await noteCommit(${JSON.stringify(storage)}, 'main', '${COMMIT}').catch(error => console.log(error.message));`;
      const mounted = 'mount -t tmpfs -o ro tmpfs "$0"; "$@"';
      const node = [process.execPath, '--input-type=module', '-e', script];
      const { stdout } = spawnSync('unshare', ['-rm', 'bash', '-c', mounted, storage, ...node], {
        encoding: 'utf8',
      });
      expect(stdout).toBe(`${storage}/refs/main: cannot be written (read-only file system)\n`);
    },
  );

  it('and not whole is refused, with what to do', async () => {
    const { home, storage } = await hubWith();
    const { folder } = await fetchTiny();
    unlinkSync(join(folder, 'model.safetensors'));
    makeReadOnly(home);
    await expect(fetchTiny()).rejects.toMatchObject({
      message: expect.stringMatching(
        new RegExp(`^${storage}/.*: cannot be written \\(permission denied\\)$`),
      ),
      remedy: expect.stringContaining('Set HF_HOME or HF_HUB_CACHE to a folder that you may write.'),
    });
  });
});

describe('a link to nothing', () => {
  it.each(['model.safetensors', 'config.json', 'tokenizer.json'])(
    'in the place of %s is mended: its blob was swept away',
    async file => {
      await hubWith();
      const { folder } = await fetchTiny();
      rmSync(blobsOf(folder), { recursive: true });
      expect(existsSync(join(folder, file))).toBe(false);
      await fetchTiny();
      expect(readFileSync(join(folder, file)).equals(DEMO_FILES[file])).toBe(true);
    },
  );

  it('to another blob than the hub now names is replaced', async () => {
    const { storage } = await hubWith();
    const { folder } = await fetchTiny();
    const place = join(folder, 'config.json');
    unlinkSync(place);
    symlinkSync('../../blobs/gone', place);
    await fetchTiny();
    expect(readFileSync(place).equals(DEMO_FILES['config.json'])).toBe(true);
    expect(existsSync(join(storage, 'blobs', 'gone'))).toBe(false);
  });

  it('makes a model not whole: it is not used offline', async () => {
    await hubWith();
    const { folder } = await fetchTiny();
    const tokenizer = join(blobsOf(folder), basename(readlinkSync(join(folder, 'tokenizer.json'))));
    unlinkSync(tokenizer);
    setEnvironment({ HF_HUB_OFFLINE: '1' });
    await expect(fetchTiny()).rejects.toThrow('org/tiny: not in the cache');
  });
});

describe('what a disk that was full left', () => {
  const weights = DEMO_FILES['model.safetensors'];
  it.each<[string, string, Buffer]>([
    ['nothing of config.json', 'config.json', Buffer.alloc(0)],
    ['nothing of the weights', 'model.safetensors', Buffer.alloc(0)],
    ['a part of the weights', 'model.safetensors', weights.subarray(0, 20_000)],
    ['a part of their header', 'model.safetensors', weights.subarray(0, 100)],
  ])('is fetched again: %s', async (_, file, left) => {
    await hubWith();
    const { folder } = await fetchTiny();
    await writeFile(join(folder, file), left); // Into the blob.
    await fetchTiny();
    expect(readFileSync(join(folder, file)).equals(DEMO_FILES[file])).toBe(true);
    expect(lstatSync(join(folder, file)).isSymbolicLink()).toBe(true);
  });

  it('is fetched again where a snapshot has the file itself, and where none has the blob yet', async () => {
    await hubWith();
    const { folder } = await fetchTiny();
    const config = join(folder, 'config.json');
    const blob = join(blobsOf(folder), basename(readlinkSync(config)));
    unlinkSync(config);
    await writeFile(blob, '{"half":');
    await fetchTiny();
    expect(readFileSync(config).equals(DEMO_FILES['config.json'])).toBe(true);
    unlinkSync(config);
    await writeFile(config, '');
    await fetchTiny();
    expect(readFileSync(config).equals(DEMO_FILES['config.json'])).toBe(true);
  });
});

describe('where links are refused', () => {
  const refuse = async () => {
    throw Object.assign(new Error('operation not permitted'), { code: 'EPERM' });
  };
  const blobAndPlace = async () => {
    const storage = temporaryFolder();
    const [blob, place] = [join(storage, 'blobs', 'abc'), join(storage, 'snapshots', COMMIT, 'config.json')];
    await mkdir(join(blob, '..'), { recursive: true });
    await mkdir(join(place, '..'), { recursive: true });
    await writeFile(blob, 'content');
    return { blob, place };
  };

  it('a file that has just arrived is moved into the snapshot', async () => {
    const { blob, place } = await blobAndPlace();
    await putIntoSnapshot(blob, place, true, refuse);
    expect(lstatSync(place).isFile()).toBe(true);
    expect(await readFile(place, 'utf8')).toBe('content');
    expect(existsSync(blob)).toBe(false);
  });

  it('a file that other snapshots may link to is copied', async () => {
    const { blob, place } = await blobAndPlace();
    await putIntoSnapshot(blob, place, false, refuse);
    expect(lstatSync(place).isFile()).toBe(true);
    expect(await readFile(blob, 'utf8')).toBe('content');
    expect(readdirSync(join(place, '..'))).toEqual(['config.json']);
  });

  it('what is there as a file is not fetched again', async () => {
    const { server, storage } = await hubWith();
    const { folder } = await fetchTiny();
    for (const name of readdirSync(folder)) {
      const content = readFileSync(join(folder, name));
      unlinkSync(join(folder, name));
      await writeFile(join(folder, name), content);
    }
    rmSync(join(storage, 'blobs'), { recursive: true });
    const before = server.requests.length;
    await fetchTiny();
    expect(server.requests).toHaveLength(before + 1);
  });
});

describe('a cache that Python has filled in part', () => {
  it.each(['config.json', 'model.safetensors', 'tokenizer.json'])(
    'without %s is not whole: what the hub refuses is said',
    async file => {
      let fine = true;
      await hubWith({ instead: () => (fine ? undefined : { status: 403 }) });
      const { folder } = await fetchTiny();
      unlinkSync(join(folder, file));
      fine = false;
      await expect(fetchTiny()).rejects.toThrow('or it is not open to you (status 403)');
    },
  );
});
