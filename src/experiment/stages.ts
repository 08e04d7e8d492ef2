import type { Continuation } from '../model/continuation-names.js';
import type { Site } from '../model/language-model.js';
import type { FindOptions } from '../neurons/find.js';
import type { Neuron } from '../neurons/neuron.js';
import type { NegativesDraw } from './negatives.js';
import type { FactRecord } from './record.js';
import type { UnrelatedRule } from './unrelated.js';

/** Neurons that a run was given, by uuid; undefined for a fact that it was given none for. */
export interface GivenNeurons {
  readonly of: (uuid: string) => readonly Neuron[] | undefined;
  /** Of all of them: says which they were. */
  readonly sha256: string;
}

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
  readonly neurons: FindOptions | GivenNeurons;
  /** Null where neurons are found without negative prompts. */
  readonly negatives: NegativesDraw | null;
  readonly suppress: boolean;
  /** The factor to enhance by, or null where enhancing is not asked for. */
  readonly enhance: number | null;
  /** Null where no intervention is asked for. */
  readonly unrelated: UnrelatedDraw | null;
}

export function areGiven(neurons: FindOptions | GivenNeurons): neurons is GivenNeurons {
  return 'of' in neurons;
}

/** Whether something that is asked for is not in a fact's record. */
export function lacks(record: FactRecord | undefined, { neurons, suppress, enhance }: Stages): boolean {
  return (
    (!areGiven(neurons) && !record?.neurons) ||
    (suppress && !record?.suppression) ||
    (enhance !== null && !record?.enhancement)
  );
}
