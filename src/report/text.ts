import type { Shown, ShownTable } from '../experiment/run/shown.js';
import { coloured } from './colour.js';
import { table } from './table.js';

/** What is shown, for people: its headline in bold, its lines and tables, and where the files are. */
export function textReport(
  { text }: Pick<Shown, 'text'>,
  files: readonly string[],
  folder: string,
): string[] {
  const [headline = '', ...rest] = [...text.flatMap(linesOf), ...filesText(files, folder)];
  return [coloured('bold', headline, process.stdout), ...rest];
}

function linesOf(part: string | ShownTable): string[] {
  return typeof part === 'string' ? [part] : table(part.head, part.rows, part.align);
}

function filesText(files: readonly string[], folder: string): string[] {
  return ['', `In ${folder}:`, ...files.map(file => `  ${file.slice(folder.length + 1)}`)];
}
