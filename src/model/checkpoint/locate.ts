import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { DEMO_MODEL } from '../../embedded.js';
import { UsageError, UserError } from '../../errors.js';
import type { DownloadReporter, ModelPart } from './hub.js';

/** A model that is on this machine. */
export interface LocatedModel {
  /** Short, for file names: "bert-base-uncased". */
  readonly name: string;
  /** As the user named it. */
  readonly id: string;
  readonly folder: string;
  /** The hub's commit, or null for a folder. */
  readonly revision: string | null;
  /** Whether its weights are here too, or what says what it is alone. */
  readonly whole: boolean;
}

export const DEMO = 'demo';

/** The hub's branch where none is named. */
export const MAIN = 'main';

/**
 * A model that has not to be fetched; undefined for what may be a hub id, of which the hub is asked even where the cache has it.
 * @param revision of the hub's
 * @throws UserError where it is neither, UsageError where it is here and has no such revision
 */
export async function findModelHere(id: string, revision: string): Promise<LocatedModel | undefined> {
  const here = id === DEMO ? { name: DEMO, folder: DEMO_MODEL } : await folderNamed(id);
  if (!here) return undefined;
  if (revision === MAIN) return { ...here, id, revision: null, whole: true };
  throw new UsageError(
    `--revision ${revision}: ${id} is no model of the hub, whose models alone have revisions`,
    'Leave out --revision.',
  );
}

async function folderNamed(id: string): Promise<Pick<LocatedModel, 'name' | 'folder'> | undefined> {
  const there = await stat(id).catch(() => undefined);
  if (there?.isDirectory()) {
    const folder = resolve(id);
    return { name: basename(folder), folder };
  }
  if (there)
    throw new UserError(
      `${id}: a file, where a model is a folder`,
      'Give the folder that holds config.json.',
    );
  if (/^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/.test(id)) return undefined;
  throw new UserError(
    `${id}: no such folder`,
    'A model is a folder, a hub id such as bert-base-uncased, or demo.',
  );
}

/**
 * What `--model` means: `demo`, a folder, or a hub id, which is fetched if need be. A folder comes before a hub
 * id of the same name, as in transformers.
 * @param part of a hub's model; a folder is whole as it is
 * @throws UserError where it is none of these
 */
export async function locateModel(
  id: string,
  revision: string,
  reporter: DownloadReporter,
  part: ModelPart = 'whole',
): Promise<LocatedModel> {
  const here = await findModelHere(id, revision);
  if (here) return here;
  const { fetchFromHub } = await import('./hub.js');
  return { name: basename(id), id, ...(await fetchFromHub(id, revision, reporter, part)) };
}
