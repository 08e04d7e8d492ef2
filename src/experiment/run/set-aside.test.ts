import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { filesOfRuns, setAside } from './set-aside.js';

function folderWith(...names: string[]): string {
  const folder = temporaryFolder();
  for (const name of names) writeFileSync(join(folder, name), name);
  return folder;
}

const RUN = ['journal.jsonl', 'run.json', 'sessions.jsonl', 'summary.json'];

describe('setting an earlier run aside', () => {
  it('moves its files into a folder of the next number, and leaves all others where they are', async () => {
    const folder = folderWith(...RUN, 'notes.txt', '.gitignore', 'lock', 'summary.json.bak');
    mkdirSync(join(folder, 'old-1'));
    mkdirSync(join(folder, 'src'));
    await setAside(folder);
    expect(readdirSync(folder).sort()).toEqual([
      ...['.gitignore', 'lock', 'notes.txt', 'old-1', 'old-2', 'src', 'summary.json.bak'],
    ]);
    expect(readdirSync(join(folder, 'old-2')).sort()).toEqual(RUN);
  });

  it('goes on where it was killed: run.json, by which the folder is known, moves last', async () => {
    const folder = folderWith(...RUN, 'notes.txt');
    expect((await filesOfRuns(folder)).at(-1)).toBe('run.json');
    rmSync(join(folder, 'journal.jsonl')); // moved already
    await setAside(folder);
    expect(readdirSync(folder).sort()).toEqual(['notes.txt', 'old-1']);
  });

  it('is refused in a folder of other files without run.json, which stays as it is', async () => {
    const names = ['.env', '.git', 'package.json', 'src', 'summary.json'];
    const folder = folderWith(...names);
    await expect(setAside(folder)).rejects.toMatchObject({
      message: `${folder}: no results folder, since it has no run.json, and files of other kinds (.env, .git, package.json, ...)`,
      remedy: expect.stringContaining('--results'),
    });
    expect(readdirSync(folder).sort()).toEqual(names);
  });

  it('does nothing in a folder where nothing was done', async () => {
    const folder = folderWith('lock');
    await setAside(folder);
    expect(readdirSync(folder)).toEqual(['lock']);
  });
});
