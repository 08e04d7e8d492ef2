import type { Continuation } from '../../model/continuation-names.js';
import type { Site } from '../../model/language-model.js';
import type { FindOptions } from '../../neurons/find.js';
import { findingOverData, type TunedFinding } from '../run/finding.js';
import type { GivenNeurons } from '../run/given-neurons.js';
import type { NegativesDraw } from '../run/negatives.js';
import type { RunRequest } from '../run/request.js';
import type { FactRecord } from './record.js';
import type { Interventions } from './request.js';
import type { ComparedNeurons } from './tuned-relations.js';
import type { UnrelatedRule } from './unrelated.js';

export type NeuronSource = FindOptions | TunedFinding | GivenNeurons;

/** How unrelated facts are drawn. */
export interface UnrelatedDraw {
  readonly rule: UnrelatedRule;
  readonly seed: number;
}

/** What a run asks of every fact. */
export interface Stages {
  readonly site: Site;
  readonly continuation: Continuation;
  /** Facts whose object is more tokens are left out. */
  readonly maxAnswerTokens: number;
  readonly neurons: NeuronSource;
  /** Null where neurons are found without negative prompts. */
  readonly negatives: NegativesDraw | null;
  readonly suppress: boolean;
  /** The factor to enhance by, or null where enhancing is not asked for. */
  readonly enhance: number | null;
  /** Null where no intervention is asked for. */
  readonly unrelated: UnrelatedDraw | null;
}

/**
 * What a request means for each fact.
 * @param interventions none where neurons are to be found alone
 */
export function stagesOf(
  { asking, data, neurons, protocol, controls }: RunRequest,
  given: GivenNeurons | null,
  interventions?: Interventions,
): Stages {
  const { negatives, seed } = controls;
  const { suppress = false, enhance = null } = interventions ?? {};
  return {
    site: decided(asking.site),
    continuation: asking.continuation,
    maxAnswerTokens: data.maxAnswerTokens ?? Number.POSITIVE_INFINITY,
    neurons: sourceOf(neurons, protocol, given),
    negatives: negatives === null ? null : { count: negatives, seed },
    suppress,
    enhance,
    unrelated:
      interventions && (suppress || enhance !== null) ? { rule: interventions.unrelated, seed } : null,
  };
}

function decided(site: Site | null): Site {
  if (site) return site;
  throw new Error('a site that was not decided');
}

function sourceOf(
  neurons: RunRequest['neurons'],
  protocol: RunRequest['protocol'],
  given: GivenNeurons | null,
): NeuronSource {
  if (!('given' in neurons)) return findingOverData(neurons, protocol);
  if (given) return given;
  throw new Error('given neurons that were not read');
}

export function areGiven(neurons: NeuronSource): neurons is GivenNeurons {
  return 'of' in neurons;
}

export function areTuned(neurons: NeuronSource): neurons is TunedFinding {
  return 'knowledge' in neurons;
}

/** The effects in a record, where they are of these neurons. */
export function effectsOf(
  record: FactRecord | undefined,
  compared: ComparedNeurons | undefined,
): Pick<FactRecord, 'suppression' | 'enhancement'> {
  if (!record) return {};
  const { suppression, enhancement, neurons, baseline_neurons } = record;
  if (
    compared &&
    (JSON.stringify(neurons) !== JSON.stringify(compared.knowledge) ||
      JSON.stringify(baseline_neurons) !== JSON.stringify(compared.baseline))
  )
    return {};
  return { ...(suppression && { suppression }), ...(enhancement && { enhancement }) };
}

/**
 * Whether something that is asked for is not in a fact's record.
 * @param compared the fact's neurons, where its relation tuned them
 */
export function lacks(
  record: FactRecord | undefined,
  { neurons, suppress, enhance }: Stages,
  compared?: ComparedNeurons,
): boolean {
  const { suppression, enhancement } = effectsOf(record, compared);
  const lacksNeurons = areTuned(neurons) ? !compared : !areGiven(neurons) && !record?.neurons;
  return lacksNeurons || (suppress && !suppression) || (enhance !== null && !enhancement);
}
