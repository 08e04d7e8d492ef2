import type { Continuation } from '../../model/continuation-names.js';
import type { Site } from '../../model/language-model.js';
import type { FindOptions } from '../../neurons/find.js';
import type { Neuron } from '../../neurons/neuron.js';
import type { NegativesDraw } from '../run/negatives.js';
import type { UnrelatedRule } from '../run/unrelated.js';
import type { FactRecord } from './record.js';
import type { ComparedNeurons } from './tuned-relations.js';

/** Neurons that a run was given, by uuid; undefined for a fact that it was given none for. */
export interface GivenNeurons {
  readonly of: (uuid: string) => readonly Neuron[] | undefined;
  /** Of all of them: says which they were. */
  readonly sha256: string;
}

/**
 * How neurons are found where all facts of a relation decide on the share of prompts that they need: knowledge neurons, and
 * what they are compared with. The shares are those that tuning begins with.
 */
export interface TunedFinding {
  readonly knowledge: FindOptions;
  readonly baseline: FindOptions;
}

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
