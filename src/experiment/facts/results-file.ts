/**
 * Result files in the layout of EleutherAI/knowledge-neurons (pararel_evaluate.py), one fact a line:
 * `{uuid: {suppression, enhancement, n_refined_neurons, n_unrelated_neurons, relation_name}}`.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { refusedFile, UserError } from '../../errors.js';
import { readJsonFile } from '../../files.js';
import { LONGEST_TEXT } from '../../plain-file.js';
import { recordOf } from '../../record-of.js';
import { type FactResult, resultSchema } from './record.js';

export type ResultsOfFacts = ReadonlyMap<string, FactResult>;

const fileSchema = recordOf(resultSchema);

export function formatResultsFile(results: ResultsOfFacts): string {
  const lines = [...results].map(([uuid, result]) => `${JSON.stringify(uuid)}: ${JSON.stringify(result)}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}

const NO_RESULTS = 'It is no result file of kn or of the replication.';

/** @throws UserError where it is no result file */
export async function readResultsFile(path: string): Promise<ResultsOfFacts> {
  const parsed = fileSchema.safeParse(await readJsonFile(path, NO_RESULTS, LONGEST_TEXT));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UserError(`${path}: "${issue?.path.join('.')}": ${issue?.message}`, NO_RESULTS);
  }
  return new Map(Object.entries(parsed.data));
}

/**
 * All result files of a folder, shard by shard, the replication's own as well as this project's.
 * @throws UserError where there is none, one is malformed, or two hold one fact
 */
export async function readResultsFolder(folder: string): Promise<ResultsOfFacts> {
  const results = new Map<string, FactResult>();
  const fileOf = new Map<string, string>();
  for (const name of await resultsFiles(folder)) {
    const path = join(folder, name);
    for (const [uuid, result] of await readResultsFile(path)) {
      const other = fileOf.get(uuid);
      if (other)
        throw new UserError(
          `${path}: the fact ${uuid} is in ${other} too`,
          'Keep the shards of one run in a folder.',
        );
      fileOf.set(uuid, name);
      results.set(uuid, result);
    }
  }
  return results;
}

const shardOf = (name: string) => /results_(\d+)\.json$/.exec(name)?.[1];

export function isResultsFile(name: string): boolean {
  return shardOf(name) !== undefined;
}

async function resultsFiles(folder: string): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    throw refusedFile(folder, 'read', error, 'Results are made by kn evaluate pararel.');
  }
  const files = names.filter(isResultsFile);
  if (files.length === 0) {
    throw new UserError(
      `${folder}: no result files (*_results_<shard>.json)`,
      'Make them with kn evaluate pararel.',
    );
  }
  return files.sort((a, b) => Number(shardOf(a)) - Number(shardOf(b)) || a.localeCompare(b));
}
