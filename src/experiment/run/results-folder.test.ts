import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { LockTimes } from '../../runtime/locks/silence-watch.js';
import { inOwnNamespace, noNamespaces } from '../../testing/namespaces.js';
import { built, runScript } from '../../testing/other-process.js';
import { childrenOf } from '../../testing/run-kn.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { FACT_RECORDS, type FactRecord } from '../facts/record.js';
import type { HeldFolder } from './folder-lock.js';
import { checkResultsPlace, holdFolder, ResultsFolder } from './results-folder.js';
import type { Settings } from './settings.js';

const SETTINGS: Settings = {
  ...{ format: 1, commands: ['kn find'], model: { name: 'demo' }, data: {}, versions: {} },
  ...{ plans: [], neurons: { share: 0.3 } },
};

/** A session in a folder, to its end. */
async function session<T>(
  folder: string,
  use: (session: ResultsFolder<FactRecord>, held: HeldFolder) => T | Promise<T>,
  { fresh = false, times }: { fresh?: boolean; times?: LockTimes } = {},
): Promise<T> {
  const held = await holdFolder(folder, { ...(times && { times }) });
  try {
    const options = { note: { arguments: [] }, fresh, kind: FACT_RECORDS };
    const begun = await ResultsFolder.begin(held, SETTINGS, options);
    try {
      return await use(begun, held);
    } finally {
      begun.close();
    }
  } finally {
    await held.release();
  }
}

/** A folder with the neurons of one fact. */
async function folderOfOne(): Promise<string> {
  const folder = temporaryFolder();
  await session(folder, ({ journal }) => journal.append({ uuid: 'a', neurons: [[1, 2]] }));
  return folder;
}

describe('a results folder', () => {
  it('goes on with what is in its journal', async () => {
    const known = await session(await folderOfOne(), ({ journal }) => journal.get('a'));
    expect(known).toEqual({ uuid: 'a', neurons: [[1, 2]] });
  });

  it.each([
    [
      'gone',
      undefined,
      /journal\.jsonl has results, and no run\.json says with which settings they were made/,
    ],
    ['cut off', '{"format": 1', /run\.json: not JSON/],
    ['of another kind', '{"format": 2}', /run\.json: not settings that this version of kn reads/],
  ])('is refused where its run.json is %s, and nothing in it changes', async (_, content, message) => {
    const folder = await folderOfOne();
    rmSync(join(folder, 'run.json'));
    if (content !== undefined) writeFileSync(join(folder, 'run.json'), content);
    const journal = readFileSync(join(folder, 'journal.jsonl'), 'utf8');
    await expect(session(folder, () => undefined)).rejects.toMatchObject({
      message: expect.stringMatching(message),
      remedy: expect.stringContaining('--fresh'),
    });
    expect(readFileSync(join(folder, 'journal.jsonl'), 'utf8')).toBe(journal);
    expect(await session(folder, begun => begun.journal.size, { fresh: true })).toBe(0);
    expect(readFileSync(join(folder, 'old-1', 'journal.jsonl'), 'utf8')).toBe(journal);
  });

  it.each(
    ['run.json', 'journal.jsonl', 'sessions.jsonl', 'lock'].flatMap(name =>
      ['a link', 'a folder', 'a pipe'].map(kind => [name, kind] as const),
    ),
  )('is refused where its %s is %s, and nothing is written through it', async (name, kind) => {
    const folder = await folderOfOne();
    const [path, outside] = [join(folder, name), join(temporaryFolder(), 'precious')];
    writeFileSync(outside, 'precious');
    rmSync(path, { force: true });
    if (kind === 'a link') symlinkSync(outside, path);
    else if (kind === 'a folder') mkdirSync(path);
    else spawnSync('mkfifo', [path]);
    await expect(session(folder, () => undefined)).rejects.toThrow(`${path}: it is ${kind}`);
    await expect(checkResultsPlace({ folder, fresh: false })).rejects.toThrow(`${path}: it is ${kind}`);
    expect(readFileSync(outside, 'utf8')).toBe('precious');
  });

  it.each(['a link', 'a folder', 'a pipe or a device'])(
    'is told in one line where %s lies in the place of a final file, and keeps what it has',
    async kind => {
      const folder = await folderOfOne();
      const [path, outside] = [join(folder, 'figure3.svg'), join(temporaryFolder(), 'precious')];
      writeFileSync(outside, 'precious');
      if (kind === 'a link') symlinkSync(outside, path);
      else if (kind === 'a folder') mkdirSync(path);
      else spawnSync('mkfifo', [path]);
      const writing = session(folder, begun => begun.write('figure3.svg', '<svg/>'));
      await expect(writing).rejects.toMatchObject({
        name: 'UserError',
        message: `${path}: cannot be written (it is ${kind})`,
      });
      expect(readFileSync(outside, 'utf8')).toBe('precious');
    },
  );

  it('is no obstacle where a first session ended before it had any result', async () => {
    const folder = join(temporaryFolder(), 'out');
    mkdirSync(folder);
    writeFileSync(join(folder, 'journal.jsonl'), '');
    await session(folder, () => undefined);
  });

  it('that another run has taken meanwhile is written to no more, by no way, and its lock stays', async () => {
    const folder = await folderOfOne();
    const other = JSON.stringify({ pid: 7, host: 'node-2', started: '', since: '' });
    const contents = () => readdirSync(folder).map(name => [name, readFileSync(join(folder, name), 'utf8')]);
    await session(
      folder,
      async (begun, held) => {
        writeFileSync(join(folder, 'lock'), other);
        const files = contents();
        await vi.waitFor(() => expect(() => held.assertHeld()).toThrow('took it over'));
        const ways = {
          journal: () => begun.journal.append({ uuid: 'b' }),
          settings: () => begun.notePlans([]),
          final: () => begun.write('summary.json', '{}'),
        };
        for (const way of Object.values(ways))
          await expect((async () => way())()).rejects.toMatchObject({
            name: 'UserError',
            message: expect.stringMatching(
              /: another run \(process 7 on node-2\) took it over while this one stood still for \d+ s$/,
            ),
            remedy: expect.stringContaining('What was done is in the journal'),
          });
        expect(contents()).toEqual(files);
      },
      { times: { touch: 20, silence: 60_000 } },
    );
    expect(readFileSync(join(folder, 'lock'), 'utf8')).toBe(other);
  });

  it.skipIf(noNamespaces)(
    `that was taken from a run that stood still: neither tears a line of the other's${noNamespaces}`,
    async () => {
      const folder = temporaryFolder();
      const times = { touch: 50, silence: 1000 };
      const script = `
        import { holdFolder, ResultsFolder } from ${built('experiment/run/results-folder.js')};
        import { FACT_RECORDS } from ${built('experiment/facts/record.js')};
        const held = await holdFolder(${JSON.stringify(folder)}, { times: ${JSON.stringify(times)} });
        const options = { note: { arguments: [] }, fresh: false, kind: FACT_RECORDS };
        const { journal } = await ResultsFolder.begin(held, ${JSON.stringify(SETTINGS)}, options);
        console.log('begun');
        const neurons = Array.from({ length: 2000 }, (_, i) => [1, i]);
        for (let i = 0; ; i++) {
          journal.append({ uuid: 'first-' + i, neurons });
          await new Promise(setImmediate);
        }`;
      const first = runScript(script, inOwnNamespace);
      await first.line();
      await setTimeout(200);
      const [inner] = childrenOf(first.child);
      process.kill(inner, 'SIGSTOP');
      const lines = await session(
        folder,
        async ({ journal }) => {
          process.kill(inner, 'SIGCONT');
          for (let i = 0; i < 50; i++) {
            journal.append({ uuid: `second-${i}` });
            await setTimeout(5);
          }
          return readFileSync(join(folder, 'journal.jsonl'), 'utf8').split('\n').slice(0, -1);
        },
        { times },
      );
      const { code, stderr } = await first.ended;
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/another run \(process \d+ on .+\) took it over while this one stood still/);
      const uuids = lines.map(line => JSON.parse(line).uuid);
      expect(uuids[0]).toBe('first-0');
      const ofSecond = (uuid: string) => uuid.startsWith('second-');
      expect(uuids.filter(ofSecond)).toEqual(Array.from({ length: 50 }, (_, i) => `second-${i}`));
      // It may have been stopped between asking for its lock and writing a line, never before a second one.
      const late = uuids.slice(uuids.findIndex(ofSecond)).filter(uuid => !ofSecond(uuid));
      expect(late.length).toBeLessThanOrEqual(1);
      expect(new Set(uuids).size).toBe(uuids.length);
    },
  );
});
