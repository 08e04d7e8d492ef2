/** The benchmark of a GPU: what pack.ts packs, and an archive's ./gpu-bench starts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { refusedFile, UsageError, UserError } from '../../src/errors.js';
import type { Figures } from './figures.js';
import { measureAll } from './measure-all.js';
import { HELP, type Options, readOptions } from './options.js';
import { describeAccuracy, describeDevice, describeRow, describeRows } from './table.js';

// With what was given up on, children and all.
process.exit(await main(process.argv.slice(2)).catch(report));

async function main(argv: readonly string[]): Promise<number> {
  const options = readOptions(argv);
  if (!options) {
    process.stdout.write(HELP);
    return 0;
  }
  const save = figureFile(options.json);
  const folder = temporaryFolder();
  const figures = await measureAll(options, folder, {
    progress: line => process.stderr.write(`${line}\n`),
    measured: (row, figures) => {
      process.stderr.write(`${describeRow(row)}\n`);
      save(figures);
    },
  });
  const parts = [describeDevice(figures), describeAccuracy(figures.accuracy), describeRows(figures)];
  process.stdout.write(`\n${parts.join('\n\n')}\n`);
  save(figures);
  return figures.accuracy.passed && figures.rows.some(row => row.state === 'measured') ? 0 : 1;
}

/** Writes figures to the file that --json names. It is opened at once: better to fail now than when all is measured. */
function figureFile(path: Options['json']): (figures: Figures) => void {
  if (path === undefined) return () => undefined;
  const write = (text: string) => {
    try {
      writeFileSync(path, text);
    } catch (error) {
      throw refusedFile(path, 'written', error, 'Let --json name a file in a folder that is there.');
    }
  };
  write('');
  return figures => write(`${JSON.stringify(figures, null, 2)}\n`);
}

/** A new folder that goes when this process ends, however it does. */
function temporaryFolder(): string {
  let folder: string;
  try {
    folder = mkdtempSync(join(tmpdir(), 'kn-gpu-bench-'));
  } catch (error) {
    throw refusedFile(tmpdir(), 'written', error, 'Let TMPDIR name a folder with room for 450 MB.');
  }
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  return folder;
}

function report(error: unknown): number {
  if (error instanceof UserError) {
    process.stderr.write(`gpu-bench: ${error.message}\n${error.remedy ? `${error.remedy}\n` : ''}`);
    return error instanceof UsageError ? 2 : 1;
  }
  process.stderr.write(
    `gpu-bench: this is a bug; please report what follows\n${error instanceof Error ? error.stack : error}\n`,
  );
  return 1;
}
