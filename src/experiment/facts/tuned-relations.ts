/** The neurons of facts whose relations tune the share: from what the journal has counted, always the same. */
import type { FactKey } from '../../dataset/fact.js';
import { groupBy } from '../../group-by.js';
import type { Neuron } from '../../neurons/neuron.js';
import type { FactCounts, TunedNeurons } from '../../neurons/tune-share.js';
import { tuneShare } from '../../neurons/tune-share.js';
import type { TunedFinding } from '../run/finding.js';
import type { FactRecord } from './record.js';

export interface ComparedNeurons {
  readonly knowledge: readonly Neuron[];
  readonly baseline: readonly Neuron[];
}

/** How a relation's share came out. */
export interface RelationTuning {
  readonly facts: number;
  /** That its facts are asked by: the number of prompts of each. */
  readonly templates: number;
  readonly knowledge: ShareFound;
  readonly baseline: ShareFound;
  /** Those with fewer prompts than a neuron must be coarse in, so that none can be theirs. */
  readonly factsWithTooFewPrompts: number;
}

export type ShareFound = Pick<TunedNeurons, 'share' | 'neuronsPerFact' | 'tries'>;

export interface TunedRelations {
  /** Of each fact that is counted, by uuid. */
  readonly neurons: ReadonlyMap<string, ComparedNeurons>;
  /** By name, in the order of the facts. */
  readonly relations: ReadonlyMap<string, RelationTuning>;
}

/**
 * @param facts those of a relation decide together
 * @param recordOf a fact's record; facts that are not counted have no part in it
 */
export function tuneRelations(
  facts: readonly FactKey[],
  recordOf: (uuid: string) => FactRecord | undefined,
  finding: TunedFinding,
): TunedRelations {
  const neurons = new Map<string, ComparedNeurons>();
  const relations = new Map<string, RelationTuning>();
  for (const [relation, counted] of countedFacts(facts, recordOf)) {
    const tune = (kind: 'knowledge' | 'baseline') =>
      tuneShare(
        counted.map((fact): FactCounts => ({ prompts: speaking(fact, kind), counts: fact.counts[kind] })),
        finding[kind],
      );
    const [knowledge, baseline] = [tune('knowledge'), tune('baseline')];
    counted.forEach(({ uuid }, i) => {
      neurons.set(uuid, { knowledge: knowledge.neurons[i], baseline: baseline.neurons[i] });
    });
    const least = finding.knowledge.leastPrompts ?? 1;
    relations.set(relation, {
      facts: counted.length,
      templates: Math.max(...counted.map(({ counts }) => counts.prompts)),
      knowledge: shareFound(knowledge),
      baseline: shareFound(baseline),
      factsWithTooFewPrompts: counted.filter(fact => speaking(fact, 'knowledge') < least).length,
    });
  }
  return { neurons, relations };
}

/**
 * Dai et al. leave relations with so many templates, or fewer, out of their data (data/PARAREL/preprocess.py, line 29). With
 * less than 3 no neuron can be theirs, and intervening on none changes nothing.
 */
export const TOO_FEW_TEMPLATES = 3;

/** The relations that are in no mean over relations or facts. */
export function leftOutOfMeans({ relations }: TunedRelations): string[] {
  return [...relations].flatMap(([name, { templates }]) => (templates <= TOO_FEW_TEMPLATES ? [name] : []));
}

/** How many of the fact's prompts are not silent. */
function speaking({ counts, silent }: Counted, kind: 'knowledge' | 'baseline'): number {
  if (!silent) return counts.prompts;
  return counts.prompts - (kind === 'knowledge' ? silent.prompts : silent.baseline);
}

interface Counted {
  readonly counts: NonNullable<FactRecord['counts']>;
  readonly silent: FactRecord['silent'];
}

function countedFacts(facts: readonly FactKey[], recordOf: (uuid: string) => FactRecord | undefined) {
  const counted = facts.flatMap(({ uuid, relation }) => {
    const { counts, silent } = recordOf(uuid) ?? {};
    return counts ? [{ uuid, relation, counts, silent }] : [];
  });
  return groupBy(counted, ({ relation }) => relation);
}

function shareFound({ share, neuronsPerFact, tries }: TunedNeurons): ShareFound {
  return { share, neuronsPerFact, tries };
}
