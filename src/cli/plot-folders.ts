import { mkdir, readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { refusedFile, UsageError, UserError } from '../errors.js';
import { isResultsFile, readResultsFolder } from '../experiment/results-file.js';
import { figureFiles } from '../figures/figure-files.js';
import type { OutputOptions } from './options.js';

interface PlotOptions extends OutputOptions {
  readonly results?: readonly string[];
  readonly out?: string;
}

/** Draws the figures of each results folder, and says where they are. */
export async function plotFolders({ results, out, json, quiet }: PlotOptions): Promise<void> {
  const folders = results ?? (await foldersIn('results'));
  const names = folders.map(folder => basename(resolve(folder)));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (out !== undefined && twice !== undefined) {
    throw new UsageError(`--out: two results folders are called ${twice}`, 'Draw them one at a time.');
  }
  const written: string[] = [];
  for (const [i, folder] of folders.entries()) {
    const files = await figureFiles(await readResultsFolder(folder));
    if (files.size === 0) {
      throw new UserError(
        `${folder}: no fact has an effect to draw`,
        'Its facts, or their unrelated ones, have no neurons.',
      );
    }
    const target = out === undefined ? folder : folders.length === 1 ? out : join(out, names[i]);
    written.push(...(await writeAll(target, files)));
  }
  if (json) process.stdout.write(`${JSON.stringify({ files: written })}\n`);
  else if (!quiet) process.stdout.write(`${written.join('\n')}\n`);
}

/** The folders in `parent` that hold result files. */
async function foldersIn(parent: string): Promise<string[]> {
  const entries = await readdir(parent, { withFileTypes: true }).catch(() => []);
  const folders: string[] = [];
  for (const { name } of entries.filter(entry => entry.isDirectory())) {
    const files = await readdir(join(parent, name));
    if (files.some(isResultsFile)) folders.push(join(parent, name));
  }
  if (folders.length > 0) return folders.sort();
  throw new UserError(
    `${parent}: no results folder in it`,
    'Make one with kn evaluate pararel, or name one with --results.',
  );
}

async function writeAll(folder: string, files: ReadonlyMap<string, string>): Promise<string[]> {
  const paths: string[] = [];
  for (const [name, content] of files) {
    const path = join(folder, name);
    try {
      await mkdir(folder, { recursive: true });
      await writeFileAtomic(path, content);
    } catch (error) {
      throw refusedFile(path, 'written', error, 'Name another folder with --out.');
    }
    paths.push(path);
  }
  return paths;
}
