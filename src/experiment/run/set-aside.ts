import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../errors.js';

/** What runs leave in their results folder, and kn stats beside it; nothing else there is kn's to move. */
const FILES_OF_RUNS = [
  /^run\.json$/,
  /^(journal|sessions)\.jsonl$/,
  /_pararel_(neurons|results|baseline)_\d+\.json$/,
  /^(summary|update|erasure)\.(json|csv)$/,
  /^figure[234]\.(svg|vl\.json|csv)$/,
  /^neuron-statistics\.csv$/,
];

/** The lock of the run that asks, what earlier ones set aside, and files that a killed process was writing. */
const NO_MATTER = /^(lock|old-\d+$|\.kn-)/;

export const isFileOfRuns = (name: string) => FILES_OF_RUNS.some(kind => kind.test(name));

/**
 * The files of an earlier run in a folder, run.json last: as long as that is there, a folder whose moving was killed is one of a
 * run, and --fresh goes on.
 * @throws UserError where the folder has other files and no run.json: it is no results folder, but somebody's own
 */
export async function filesOfRuns(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter(name => !NO_MATTER.test(name));
  const ours = names.filter(isFileOfRuns);
  const others = names.filter(name => !isFileOfRuns(name));
  if (others.length > 0 && !names.includes('run.json')) {
    const some = others.slice(0, 3).join(', ') + (others.length > 3 ? ', ...' : '');
    throw new UserError(
      `${folder}: no results folder, since it has no run.json, and files of other kinds (${some})`,
      '--fresh begins again in the folder of an earlier run: name that, or a new one, with --results.',
    );
  }
  return [...ours.filter(name => name !== 'run.json'), ...ours.filter(name => name === 'run.json')];
}

/** Moves them into old-1, old-2, ... inside the folder; what else lies there stays. */
export async function setAside(folder: string): Promise<void> {
  const moving = await filesOfRuns(folder);
  if (moving.length === 0) return;
  const taken = await readdir(folder);
  let number = 1;
  while (taken.includes(`old-${number}`)) number++;
  await mkdir(join(folder, `old-${number}`));
  for (const name of moving) await rename(join(folder, name), join(folder, `old-${number}`, name));
}
