/** The archive of kn and the benchmark: one file that a machine with nothing but tar and gzip can unpack and run. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { create } from 'tar';
import { UserError } from '../../src/errors.js';
import { COMMANDS, stage } from './stage.js';

/** What it may have at the most, in bytes. */
export const LIMIT = 60 * 2 ** 20;

const NAME = 'gpu-bench';

export interface Packed {
  readonly bytes: number;
  /** Libraries that this machine had not, and a machine without them will lack. */
  readonly missing: readonly string[];
}

/**
 * @param root of the project, built
 * @param path of the archive, which is written whole or not at all
 * @throws UserError where this machine cannot make it, or it is too large
 */
export async function packArchive(root: string, path: string): Promise<Packed> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new UserError(
      `this is ${process.platform} ${process.arch}: the archive takes its Node along`,
      'Pack on Linux on x86-64.',
    );
  }
  const folder = mkdtempSync(join(tmpdir(), 'kn-gpu-bench-pack-'));
  const unfinished = join(dirname(path), `.${basename(path)}.${process.pid}`);
  try {
    const missing = await stage(root, join(folder, NAME));
    // A module that was left out, or a Node that does not run, would show here.
    for (const command of COMMANDS)
      execFileSync(join(folder, NAME, command), ['--help'], { env: { PATH: '/usr/bin:/bin' } });
    mkdirSync(dirname(path), { recursive: true });
    // gzip, since a bare machine may have no xz.
    await create({ file: unfinished, cwd: folder, gzip: true, portable: true }, [NAME]);
    const bytes = statSync(unfinished).size;
    if (bytes >= LIMIT) {
      throw new UserError(
        `the archive has ${bytes} bytes, and must have less than ${LIMIT}`,
        'Find what grew.',
      );
    }
    renameSync(unfinished, path);
    return { bytes, missing };
  } finally {
    rmSync(folder, { recursive: true, force: true });
    rmSync(unfinished, { force: true });
  }
}
