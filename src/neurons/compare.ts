/** How far two sets of knowledge neurons agree, fact by fact. */
import { csvOf } from '../csv.js';
import { inRelationOrder } from '../dataset/relation-order.js';
import type { Neuron } from './neuron.js';
import type { NeuronsOfFacts } from './neuron-file.js';

/** The agreement over some facts. Only the missing are counted of facts that one side lacks. */
export interface Agreement {
  /** On both sides. */
  readonly facts: number;
  /** Facts that have the same neurons on both sides. */
  readonly identical: number;
  /** Of A in the facts on both sides, summed over facts. */
  readonly neuronsA: number;
  readonly neuronsB: number;
  /** Neurons that a fact has on both sides, summed over facts. */
  readonly shared: number;
  /**
   * The mean over facts of |A and B| / |A or B|: each fact counts alike. It is 1 for a fact that has no neurons
   * on either side. Null where no fact is on both sides.
   */
  readonly jaccard: number | null;
  /** The sum of |A and B| over the sum of |A or B|: each neuron counts alike. 1 and null as above. */
  readonly pooledJaccard: number | null;
  /** Facts that B has and A lacks. */
  readonly missingInA: number;
  readonly missingInB: number;
}

export interface Comparison {
  readonly all: Agreement;
  /** Those that differ most first: the lowest mean Jaccard index; last those without a fact on both sides. */
  readonly relations: ReadonlyMap<string, Agreement>;
  /** Uuids of facts that B has and A lacks, in B's order. */
  readonly missingInA: readonly string[];
  readonly missingInB: readonly string[];
}

/** @param a no neuron twice in a fact, as in `b` */
export function compareNeuronSets(
  a: NeuronsOfFacts,
  b: NeuronsOfFacts,
  relationOf: (uuid: string) => string,
): Comparison {
  const all = emptyTally();
  const byRelation = new Map<string, Tally>();
  for (const uuid of new Set([...a.keys(), ...b.keys()])) {
    const relation = relationOf(uuid);
    const own = byRelation.get(relation) ?? emptyTally();
    byRelation.set(relation, own);
    for (const tally of [all, own]) count(tally, a.get(uuid), b.get(uuid));
  }
  const relations = inRelationOrder(byRelation.keys()).flatMap(relation => {
    const tally = byRelation.get(relation);
    return tally ? [[relation, agreementOf(tally)] as const] : [];
  });
  const rank = ({ jaccard }: Agreement) => jaccard ?? Number.POSITIVE_INFINITY;
  relations.sort(([, one], [, other]) => (rank(one) < rank(other) ? -1 : rank(one) > rank(other) ? 1 : 0));
  return {
    all: agreementOf(all),
    relations: new Map(relations),
    missingInA: [...b.keys()].filter(uuid => !a.has(uuid)),
    missingInB: [...a.keys()].filter(uuid => !b.has(uuid)),
  };
}

type Tally = { -readonly [Key in Exclude<keyof Agreement, 'jaccard' | 'pooledJaccard'>]: number } & {
  jaccardSum: number;
};

function emptyTally(): Tally {
  return {
    facts: 0,
    identical: 0,
    neuronsA: 0,
    neuronsB: 0,
    shared: 0,
    jaccardSum: 0,
    missingInA: 0,
    missingInB: 0,
  };
}

function count(tally: Tally, a: readonly Neuron[] | undefined, b: readonly Neuron[] | undefined): void {
  if (!a) tally.missingInA++;
  if (!b) tally.missingInB++;
  if (!a || !b) return;
  const ofA = new Set(a.map(neuron => neuron.join()));
  const shared = b.filter(neuron => ofA.has(neuron.join())).length;
  tally.facts++;
  tally.neuronsA += a.length;
  tally.neuronsB += b.length;
  tally.shared += shared;
  tally.jaccardSum += jaccardIndex(shared, a.length + b.length - shared);
  if (shared === a.length && shared === b.length) tally.identical++;
}

function agreementOf({ jaccardSum, ...counts }: Tally): Agreement {
  const { facts, neuronsA, neuronsB, shared } = counts;
  return {
    ...counts,
    jaccard: facts === 0 ? null : jaccardSum / facts,
    pooledJaccard: facts === 0 ? null : jaccardIndex(shared, neuronsA + neuronsB - shared),
  };
}

/** Two empty sets are alike. */
function jaccardIndex(shared: number, either: number): number {
  return either === 0 ? 1 : shared / either;
}

/** A line for all facts, then one a relation, those that differ most first; empty where there is no index. */
export function comparisonCsv({ all, relations }: Comparison): string {
  return csvOf(
    [['all', all] as const, ...relations].map(([relation, of]) => ({
      relation,
      facts: of.facts,
      identical: of.identical,
      jaccard: of.jaccard,
      pooled_jaccard: of.pooledJaccard,
      neurons_a: of.neuronsA,
      neurons_b: of.neuronsB,
      shared: of.shared,
      missing_in_a: of.missingInA,
      missing_in_b: of.missingInB,
    })),
  );
}
