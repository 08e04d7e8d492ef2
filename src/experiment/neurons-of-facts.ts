import type { Neuron } from '../neurons/neuron.js';
import { type FactWork, factWork } from './fact-work.js';
import { areGiven } from './stages.js';
import type { FailedFact } from './summary.js';
import type { OpenWork } from './work.js';

export interface NeuronsOfFacts {
  /** By uuid; of a fact that failed, or that none were given for, there are none. */
  readonly neurons: ReadonlyMap<string, readonly Neuron[]>;
  readonly failed: readonly FailedFact[];
}

/**
 * The facts' neurons as they were given; else those that the journal has, after finding what it lacks.
 * @param work does pieces, as doWork
 */
export async function neuronsOfFacts(
  facts: Omit<FactWork, 'unrelated'>,
  work: (work: OpenWork) => Promise<FailedFact[]>,
): Promise<NeuronsOfFacts> {
  const { stages, journal } = facts;
  const given = areGiven(stages.neurons) ? stages.neurons : undefined;
  const failed = given ? [] : await work(factWork({ ...facts, unrelated: new Map() }));
  return {
    neurons: new Map(
      facts.facts.flatMap(({ uuid }) => {
        const neurons = given ? given.of(uuid) : journal.get(uuid)?.neurons;
        return neurons ? [[uuid, neurons] as const] : [];
      }),
    ),
    failed,
  };
}
