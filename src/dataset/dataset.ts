import { UsageError, UserError } from '../errors.js';
import { causalPatterns, expandPrompts, type Fact, type FactKey } from './fact.js';
import { hashRelations, listRelations, readFacts, readPatterns } from './relation-files.js';

/** Which facts of a data set a run is about; all where nothing is said. */
export interface Selection {
  readonly relations?: readonly string[];
  /** At most so many facts a relation, in file order. */
  readonly limit?: number;
  /** Uuids. */
  readonly facts?: readonly string[];
}

/** The selected facts of a data set. Subjects and objects are in memory; prompts are made when asked for. */
export interface Dataset {
  /** In PARAREL's order of relations, and the files' order of facts. */
  readonly facts: readonly FactKey[];
  readonly relations: readonly string[];
  /** Of the selected relations' files. */
  readonly sha256: string;
  /** How many patterns the relation has, and how many of these the fact's prompts are made from. */
  patternsOf(relation: string): { readonly all: number; readonly asked: number };
  withPrompts(fact: FactKey): Fact;
}

/**
 * Reads a folder in PARAREL's layout.
 * @param causal whether the prompts are for a causal model: only patterns that end with the object, cut there
 * @throws UsageError where the selection names what is not there
 * @throws UserError, with file and line, where a file is malformed or two facts have one uuid
 */
export async function openDataset(
  folder: string,
  selection: Selection = {},
  causal = false,
): Promise<Dataset> {
  const relations = selectRelations(await listRelations(folder), selection.relations, folder);
  const wanted = selection.facts && new Set(selection.facts);
  const patterns = new Map<string, { all: readonly string[]; asked: readonly string[] }>();
  const facts: FactKey[] = [];
  const placeOf = new Map<string, string>();
  for (const relation of relations) {
    const all = await readPatterns(folder, relation);
    patterns.set(relation, { all, asked: causal ? causalPatterns(all) : all });
    let taken = 0;
    for await (const { place, ...fact } of readFacts(folder, relation)) {
      const other = placeOf.get(fact.uuid);
      if (other)
        throw new UserError(`${place}: the uuid ${fact.uuid} is at ${other} too`, 'Each fact needs its own.');
      placeOf.set(fact.uuid, place);
      if (wanted && !wanted.has(fact.uuid)) continue;
      if (taken >= (selection.limit ?? Number.POSITIVE_INFINITY)) continue;
      facts.push(fact);
      taken++;
    }
  }
  const missing = selection.facts?.find(uuid => !placeOf.has(uuid));
  if (missing !== undefined) throw new UsageError(`--facts: no fact has the uuid ${missing} in ${folder}`);
  if (facts.length === 0) throw new UserError(`${folder}: no facts`);
  return {
    facts,
    relations,
    sha256: await hashRelations(folder, relations),
    patternsOf: relation => {
      const { all, asked } = patterns.get(relation) ?? { all: [], asked: [] };
      return { all: all.length, asked: asked.length };
    },
    withPrompts: fact => ({
      ...fact,
      prompts: expandPrompts(patterns.get(fact.relation)?.asked ?? [], fact.subject),
    }),
  };
}

/**
 * Those of the present relations that are wanted, all where nothing is said.
 * @param where they are, for the error
 * @throws UsageError where one is not there
 */
export function selectRelations(
  present: readonly string[],
  wanted: readonly string[] | undefined,
  where: string,
): string[] {
  if (!wanted) return [...present];
  const unknown = wanted.find(relation => !present.includes(relation));
  if (unknown !== undefined) {
    throw new UsageError(`--relations: ${where} has no relation ${unknown}`, `It has ${present.join(', ')}.`);
  }
  return present.filter(relation => wanted.includes(relation));
}
