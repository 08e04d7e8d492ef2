/**
 * How many neurons a fact has, and how many two facts share (Dai et al., Table 2), over all pairs of facts: none
 * is drawn. A fact without neurons is a fact: it counts in every mean, and its pairs share nothing.
 */
import { csvOf } from '../csv.js';
import { inRelationOrder } from '../dataset/relation-order.js';
import type { NeuronsOfFacts } from './neuron-file.js';

/** What some pairs of facts share. */
export interface SharedNeurons {
  readonly pairs: number;
  /** Neurons that both facts of a pair have, summed over the pairs. */
  readonly total: number;
  /** Of a pair; null where there is no pair. */
  readonly mean: number | null;
}

export interface NeuronStatistics {
  readonly facts: number;
  readonly factsWithoutNeurons: number;
  /** Summed over facts: a neuron of two facts counts twice. */
  readonly neurons: number;
  /** A neuron of two facts counts once. */
  readonly distinctNeurons: number;
  /** Null where there are no facts. */
  readonly neuronsPerFact: number | null;
  /** Of two facts of one relation. */
  readonly sameRelation: SharedNeurons;
  /** Of two facts of different relations; for one relation, of its facts and those of all others. */
  readonly differentRelation: SharedNeurons;
}

export interface StatisticsOfFacts {
  readonly all: NeuronStatistics;
  /** In PARAREL's order. */
  readonly relations: ReadonlyMap<string, NeuronStatistics>;
}

/**
 * The statistics of all facts and of each relation's, in time linear in the number of neurons: a neuron that c
 * facts have is shared by c (c - 1) / 2 pairs. Counts are exact up to 2^53.
 * @param neurons no neuron twice in a fact
 */
export function neuronStatistics(
  neurons: NeuronsOfFacts,
  relationOf: (uuid: string) => string,
): StatisticsOfFacts {
  const counts = new Map<string, RelationCounts>();
  const factsWith = new Map<string, number>();
  for (const [uuid, list] of neurons) {
    const relation = relationOf(uuid);
    const own = counts.get(relation) ?? { facts: 0, without: 0, neurons: 0, factsWith: new Map() };
    counts.set(relation, own);
    own.facts++;
    own.neurons += list.length;
    if (list.length === 0) own.without++;
    for (const neuron of list) {
      increment(own.factsWith, neuron.join());
      increment(factsWith, neuron.join());
    }
  }
  const relations = new Map<string, NeuronStatistics>();
  for (const relation of inRelationOrder(counts.keys())) {
    const own = counts.get(relation);
    if (own) relations.set(relation, statisticsOf(own, neurons.size, factsWith));
  }
  return { all: overall([...relations.values()], factsWith), relations };
}

interface RelationCounts {
  facts: number;
  without: number;
  neurons: number;
  /** How many of the relation's facts have a neuron. */
  readonly factsWith: Map<string, number>;
}

function statisticsOf(
  own: RelationCounts,
  allFacts: number,
  allFactsWith: ReadonlyMap<string, number>,
): NeuronStatistics {
  let [same, different] = [0, 0];
  for (const [neuron, facts] of own.factsWith) {
    same += pairsAmong(facts);
    different += facts * ((allFactsWith.get(neuron) ?? 0) - facts);
  }
  return {
    facts: own.facts,
    factsWithoutNeurons: own.without,
    neurons: own.neurons,
    distinctNeurons: own.factsWith.size,
    neuronsPerFact: ratio(own.neurons, own.facts),
    sameRelation: shared(pairsAmong(own.facts), same),
    differentRelation: shared(own.facts * (allFacts - own.facts), different),
  };
}

function overall(
  relations: readonly NeuronStatistics[],
  factsWith: ReadonlyMap<string, number>,
): NeuronStatistics {
  const sum = (of: (relation: NeuronStatistics) => number) =>
    relations.reduce((total, relation) => total + of(relation), 0);
  const [facts, neurons] = [sum(({ facts }) => facts), sum(({ neurons }) => neurons)];
  const samePairs = sum(({ sameRelation }) => sameRelation.pairs);
  const same = sum(({ sameRelation }) => sameRelation.total);
  const any = [...factsWith.values()].reduce((total, count) => total + pairsAmong(count), 0);
  return {
    facts,
    factsWithoutNeurons: sum(({ factsWithoutNeurons }) => factsWithoutNeurons),
    neurons,
    distinctNeurons: factsWith.size,
    neuronsPerFact: ratio(neurons, facts),
    sameRelation: shared(samePairs, same),
    differentRelation: shared(pairsAmong(facts) - samePairs, any - same),
  };
}

function shared(pairs: number, total: number): SharedNeurons {
  return { pairs, total, mean: ratio(total, pairs) };
}

function pairsAmong(count: number): number {
  return (count * (count - 1)) / 2;
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

/** A line for all facts, then one a relation; empty where there is no mean. */
export function statisticsCsv({ all, relations }: StatisticsOfFacts): string {
  return csvOf(
    [['all', all] as const, ...relations].map(([relation, of]) => ({
      relation,
      facts: of.facts,
      facts_without_neurons: of.factsWithoutNeurons,
      neurons: of.neurons,
      distinct_neurons: of.distinctNeurons,
      neurons_per_fact: of.neuronsPerFact,
      same_relation_pairs: of.sameRelation.pairs,
      same_relation_shared: of.sameRelation.total,
      same_relation_mean: of.sameRelation.mean,
      different_relation_pairs: of.differentRelation.pairs,
      different_relation_shared: of.differentRelation.total,
      different_relation_mean: of.differentRelation.mean,
    })),
  );
}
