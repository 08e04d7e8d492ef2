/**
 * Which relation each fact of some neuron files is of. The files name facts by uuid alone: the result files
 * beside them say it, else the data set.
 */
import { readdir, stat } from 'node:fs/promises';
import { dataSource } from '../dataset/sources.js';
import { UserError } from '../errors.js';
import {
  isResultsFile,
  type ResultsOfFacts,
  readResultsFile,
  readResultsFolder,
} from '../experiment/facts/results-file.js';
import { nameIsTaken } from '../files.js';
import type { Progress } from '../progress.js';
import { fetchData } from './fetching.js';

export interface RelationsOfFacts {
  /** By uuid. */
  readonly known: ReadonlyMap<string, string>;
  /** Why some facts' relation is not known; undefined where all are. */
  readonly trouble: UserError | undefined;
}

/**
 * @param paths neuron files and folders of them
 * @param data the data set that --data names; else the demo's and PARAREL, as far as they are needed
 * @throws UserError where a result file is malformed, or the named data set cannot be read
 */
export async function relationsOfFacts(
  uuids: ReadonlySet<string>,
  paths: readonly string[],
  data: string | undefined,
  progress: Progress,
): Promise<RelationsOfFacts> {
  const known = new Map<string, string>();
  const note = (uuid: string, relation: string) => {
    if (uuids.has(uuid) && !known.has(uuid)) known.set(uuid, relation);
  };
  for (const path of paths)
    for (const [uuid, { relation_name }] of await resultsBeside(path)) note(uuid, relation_name);
  for (const name of data === undefined ? ['demo', 'pararel'] : [data]) {
    if (known.size === uuids.size) break;
    const source = dataSource(name);
    try {
      if (!(await source.isHere())) await fetchData(source, progress);
    } catch (error) {
      if (data !== undefined || !(error instanceof UserError)) throw error;
      return { known, trouble: error };
    } finally {
      progress.stop();
    }
    for (const { uuid, relation } of (await source.open({}, false)).facts) note(uuid, relation);
  }
  return { known, trouble: troubleWith(uuids, known, data) };
}

/** A folder's result files; those of a neuron file's shard; nothing where there are none. */
async function resultsBeside(path: string): Promise<ResultsOfFacts> {
  if ((await stat(path)).isDirectory())
    return (await readdir(path)).some(isResultsFile) ? readResultsFolder(path) : new Map();
  const shard = path.replace(/neurons_(\d+\.json)$/, 'results_$1');
  return shard !== path && (await nameIsTaken(shard)) ? readResultsFile(shard) : new Map();
}

function troubleWith(
  uuids: ReadonlySet<string>,
  known: ReadonlyMap<string, string>,
  data: string | undefined,
): UserError | undefined {
  const unknown = [...uuids].filter(uuid => !known.has(uuid));
  if (unknown.length === 0) return undefined;
  return new UserError(
    `${unknown.length} of ${uuids.size} facts are neither in result files beside the neurons nor in the data set ` +
      `${data ?? 'pararel'} (the first: ${unknown[0]})`,
    'Name the data set that they are of with --data.',
  );
}
