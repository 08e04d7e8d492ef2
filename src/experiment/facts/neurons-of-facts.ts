import type { FactKey } from '../../dataset/fact.js';
import type { Neuron } from '../../neurons/neuron.js';
import { formatNeuronFile } from '../../neurons/neuron-file.js';
import type { Journal } from '../run/journal.js';
import type { FailedFact } from '../run/outcome.js';
import type { DoWork } from '../run/work.js';
import { type CountedInFinding, countedInFinding } from './counted-in-finding.js';
import type { FactRecord } from './record.js';
import { areGiven, areTuned, type NeuronSource } from './stages.js';
import { type TunedRelations, tuneRelations } from './tuned-relations.js';
import { doPasses, type Run } from './work.js';

export interface NeuronsOfFacts {
  /** By uuid; of a fact that failed, or that none were given for, there are none. */
  readonly neurons: ReadonlyMap<string, readonly Neuron[]>;
  readonly failed: readonly FailedFact[];
  readonly counted: CountedInFinding;
}

/** The facts' neurons as they were given; else those that the journal has, after finding what it lacks. */
export async function neuronsOfFacts(run: Omit<Run, 'unrelated'>, work: DoWork): Promise<NeuronsOfFacts> {
  const { facts, stages, journal } = run;
  const source = stages.neurons;
  const failed = areGiven(source) ? [] : await doPasses({ ...run, unrelated: new Map() }, work);
  const tuned = tunedBy(facts, source, journal);
  return {
    neurons: knownNeurons(facts, source, journal, tuned),
    failed,
    counted: countedInFinding(facts, source, journal),
  };
}

/** The neuron file of a run: its content by its name; none where the neurons were given. */
export function neuronFiles(
  model: string,
  source: NeuronSource,
  neurons: ReadonlyMap<string, readonly Neuron[]>,
): Map<string, string> {
  return new Map(neuronFileNames(model, source).map(name => [name, formatNeuronFile(neurons)]));
}

export function neuronFileNames(model: string, source: NeuronSource): string[] {
  return areGiven(source) ? [] : [`${model}_pararel_neurons_0.json`];
}

/** What the relations make of the journal's counts; undefined where they tune nothing. */
export function tunedBy(
  facts: readonly FactKey[],
  source: NeuronSource,
  journal: Journal<FactRecord>,
): TunedRelations | undefined {
  return areTuned(source) ? tuneRelations(facts, uuid => journal.get(uuid), source) : undefined;
}

/** The neurons of every fact that has some by now: given, tuned, or in the journal. */
export function knownNeurons(
  facts: readonly FactKey[],
  source: NeuronSource,
  journal: Journal<FactRecord>,
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
