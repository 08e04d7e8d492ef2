import type { FactKey } from '../../dataset/fact.js';
import type { Neuron } from '../../neurons/neuron.js';
import type { Journal } from '../run/journal.js';
import { areGiven, areTuned, type NeuronSource } from './stages.js';
import type { FailedFact } from './summary.js';
import { type TunedRelations, tuneRelations } from './tuned-relations.js';
import { type DoWork, doPasses, type Run } from './work.js';

export interface NeuronsOfFacts {
  /** By uuid; of a fact that failed, or that none were given for, there are none. */
  readonly neurons: ReadonlyMap<string, readonly Neuron[]>;
  readonly failed: readonly FailedFact[];
}

/** The facts' neurons as they were given; else those that the journal has, after finding what it lacks. */
export async function neuronsOfFacts(run: Omit<Run, 'unrelated'>, work: DoWork): Promise<NeuronsOfFacts> {
  const { facts, stages, journal } = run;
  const source = stages.neurons;
  const failed = areGiven(source) ? [] : await doPasses({ ...run, unrelated: new Map() }, work);
  const tuned = tunedBy(facts, source, journal);
  return { neurons: knownNeurons(facts, source, journal, tuned), failed };
}

/** What the relations make of the journal's counts; undefined where they tune nothing. */
export function tunedBy(
  facts: readonly FactKey[],
  source: NeuronSource,
  journal: Journal,
): TunedRelations | undefined {
  return areTuned(source) ? tuneRelations(facts, uuid => journal.get(uuid), source) : undefined;
}

/** The neurons of every fact that has some by now: given, tuned, or in the journal. */
export function knownNeurons(
  facts: readonly FactKey[],
  source: NeuronSource,
  journal: Journal,
  tuned: TunedRelations | undefined,
): ReadonlyMap<string, readonly Neuron[]> {
  const of = (uuid: string) => {
    if (areGiven(source)) return source.of(uuid);
    return tuned ? tuned.neurons.get(uuid)?.knowledge : journal.get(uuid)?.neurons;
  };
  return new Map(
    facts.flatMap(({ uuid }) => {
      const neurons = of(uuid);
      return neurons ? [[uuid, neurons] as const] : [];
    }),
  );
}
