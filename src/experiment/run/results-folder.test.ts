import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { FACT_RECORDS } from '../facts/record.js';
import { checkResultsPlace, holdFolder, ResultsFolder } from './results-folder.js';
import type { Settings } from './settings.js';

const SETTINGS: Settings = {
  ...{ format: 1, commands: ['kn find'], model: { name: 'demo' }, data: {}, versions: {} },
  ...{ plans: [], neurons: { share: 0.3 } },
};

const begin = (folder: string, fresh = false) =>
  ResultsFolder.begin(folder, SETTINGS, { arguments: [] }, fresh, FACT_RECORDS);

/** A folder with the neurons of one fact. */
async function folderOfOne(): Promise<string> {
  const folder = temporaryFolder();
  const session = await begin(folder);
  session.journal.append({ uuid: 'a', neurons: [[1, 2]] });
  session.close();
  return folder;
}

describe('a results folder', () => {
  it('goes on with what is in its journal', async () => {
    const session = await begin(await folderOfOne());
    expect(session.journal.get('a')).toEqual({ uuid: 'a', neurons: [[1, 2]] });
    session.close();
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
    await expect(begin(folder)).rejects.toMatchObject({
      message: expect.stringMatching(message),
      remedy: expect.stringContaining('--fresh'),
    });
    expect(readFileSync(join(folder, 'journal.jsonl'), 'utf8')).toBe(journal);
    const session = await begin(folder, true);
    expect(session.journal.size).toBe(0);
    session.close();
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
    const refused = name === 'lock' ? holdFolder(folder) : begin(folder);
    await expect(refused).rejects.toThrow(`${path}: it is ${kind}`);
    if (name !== 'lock')
      await expect(checkResultsPlace({ folder, fresh: false })).rejects.toThrow(`${path}: it is ${kind}`);
    expect(readFileSync(outside, 'utf8')).toBe('precious');
  });

  it.each(['a link', 'a folder', 'a pipe or a device'])(
    'is told in one line where %s lies in the place of a final file, and keeps what it has',
    async kind => {
      const session = await begin(await folderOfOne());
      const [path, outside] = [join(session.path, 'figure3.svg'), join(temporaryFolder(), 'precious')];
      writeFileSync(outside, 'precious');
      if (kind === 'a link') symlinkSync(outside, path);
      else if (kind === 'a folder') mkdirSync(path);
      else spawnSync('mkfifo', [path]);
      await expect(session.write('figure3.svg', '<svg/>')).rejects.toMatchObject({
        name: 'UserError',
        message: `${path}: cannot be written (it is ${kind})`,
      });
      session.close();
      expect(readFileSync(outside, 'utf8')).toBe('precious');
    },
  );

  it('is no obstacle where a first session ended before it had any result', async () => {
    const folder = join(temporaryFolder(), 'out');
    mkdirSync(folder);
    writeFileSync(join(folder, 'journal.jsonl'), '');
    (await begin(folder)).close();
  });
});
