import { UserError } from '../errors.js';
import { isResultsFile, readResultsFolder } from '../experiment/facts/results-file.js';
import { figureFiles } from '../report/figures.js';
import { foldersIn, targetFolders, writeFiles } from './results-folders.js';

export interface PlotRequest {
  /** With result files; default: every folder in results/ that has some. */
  readonly folders?: readonly string[];
  /** Where the figures go; default: each folder itself. */
  readonly out?: string;
}

/**
 * Draws Figures 3 and 4 of each results folder.
 * @returns the paths of the files
 * @throws UserError where a folder has nothing to draw, UsageError where two would draw into one
 */
export async function plotResults({ folders: asked, out }: PlotRequest): Promise<string[]> {
  const folders = asked ?? (await foldersIn('results', isResultsFile));
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
  return written;
}
