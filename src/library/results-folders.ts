/** Which results folders a command reads, and where what it makes of them goes. */
import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { refusedFile, UsageError, UserError } from '../errors.js';
import { makeFolder } from '../files.js';
import { writeWholeFile } from '../whole-file.js';

/**
 * The folders in `parent` that hold a file of the kind.
 * @throws UserError where there is none
 */
export async function foldersIn(parent: string, isOfKind: (name: string) => boolean): Promise<string[]> {
  const entries = await readdir(parent, { withFileTypes: true }).catch(() => []);
  const folders: string[] = [];
  for (const { name } of entries.filter(entry => entry.isDirectory())) {
    const files = await readdir(join(parent, name));
    if (files.some(isOfKind)) folders.push(join(parent, name));
  }
  if (folders.length > 0) return folders.sort();
  throw new UserError(
    `${parent}: no results folder in it`,
    'Make one with kn evaluate pararel, or name one.',
  );
}

/**
 * Where the files of each folder go: into itself, or into `out`, of several into a folder each.
 * @throws UsageError where two would go into one
 */
export function targetFolders(folders: readonly string[], out: string | undefined): readonly string[] {
  if (out === undefined) return folders;
  const names = folders.map(folder => basename(resolve(folder)));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new UsageError(`--out: two results folders are called ${twice}`, 'Name them one at a time.');
  return folders.length === 1 ? [out] : names.map(name => join(out, name));
}

/**
 * Writes files into a folder, each whole or not at all.
 * @param files contents by name
 * @returns their paths
 */
export async function writeFiles(folder: string, files: ReadonlyMap<string, string>): Promise<string[]> {
  let path = folder;
  const paths: string[] = [];
  try {
    await makeFolder(folder);
    for (const [name, content] of files) {
      path = join(folder, name);
      await writeWholeFile(path, content);
      paths.push(path);
    }
  } catch (error) {
    throw refusedFile(path, 'written', error, 'Name another folder with --out.');
  }
  return paths;
}
