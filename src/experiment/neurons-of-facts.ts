import type { Neuron } from '../neurons/neuron.js';
import { type DoWork, doPasses, type Run } from './passes.js';
import { areGiven, areTuned } from './stages.js';
import type { FailedFact } from './summary.js';
import { tuneRelations } from './tuned-relations.js';

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
  const tuned = areTuned(source)
    ? tuneRelations(facts, uuid => journal.get(uuid), source).neurons
    : undefined;
  const neuronsOf = (uuid: string) =>
    areGiven(source) ? source.of(uuid) : tuned ? tuned.get(uuid)?.knowledge : journal.get(uuid)?.neurons;
  return {
    neurons: new Map(
      facts.flatMap(({ uuid }) => {
        const neurons = neuronsOf(uuid);
        return neurons ? [[uuid, neurons] as const] : [];
      }),
    ),
    failed,
  };
}
