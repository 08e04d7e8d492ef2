import { UserError } from '../../errors.js';
import { isResultsFile, readResultsFolder } from '../../experiment/facts/results-file.js';
import { figureFiles } from '../../figures/figure-files.js';
import type { OutputOptions } from '../options/options.js';
import { foldersIn, targetFolders, writeFiles } from './results-folders.js';

interface PlotOptions extends OutputOptions {
  readonly results?: readonly string[];
  readonly out?: string;
}

/** Draws the figures of each results folder, and says where they are. */
export async function plotFolders({ results, out, json, quiet }: PlotOptions): Promise<void> {
  const folders = results ?? (await foldersIn('results', isResultsFile));
  const targets = targetFolders(folders, out);
  const written: string[] = [];
  for (const [i, folder] of folders.entries()) {
    const files = await figureFiles(await readResultsFolder(folder));
    if (files.size === 0) {
      throw new UserError(
        `${folder}: no fact has an effect to draw`,
        'Its facts, or their unrelated ones, have no neurons.',
      );
    }
    written.push(...(await writeFiles(targets[i], files)));
  }
  if (json) process.stdout.write(`${JSON.stringify({ files: written })}\n`);
  else if (!quiet) process.stdout.write(`${written.join('\n')}\n`);
}
