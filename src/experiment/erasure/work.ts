/**
 * Which neurons of a relation are erased, and what is asked before and after. The authors' code
 * (Hunter-DDM/knowledge-neurons, src/7_erase_knowledge.py) asks every fact there is; here a sample can do.
 */
import type { Dataset } from '../../dataset/dataset.js';
import type { FactKey } from '../../dataset/fact.js';
import type { Continuation } from '../../model/continuation-names.js';
import { compareNeurons, type Neuron } from '../../neurons/neuron.js';
import type { Journal } from '../run/journal.js';
import { type FactsByRelation, sampleOf } from '../run/sample.js';
import type { OpenWork } from '../run/work.js';
import type { ErasureLine } from './record.js';
import type { ErasureDesign } from './request.js';
import { ERASURE_TASK, type ErasureTask } from './task.js';

export interface PlannedErasure {
  readonly relation: string;
  readonly neurons: readonly Neuron[];
}

export interface ErasureWork {
  readonly planned: readonly PlannedErasure[];
  /** All facts that can be asked. */
  readonly relations: FactsByRelation;
  readonly design: ErasureDesign;
  readonly continuation: Continuation;
  readonly dataset: Dataset;
  readonly journal: Journal<ErasureLine>;
}

/**
 * The neurons that the most facts of a relation have.
 * @param neuronsOfFacts of the relation's facts
 * @param ties which come first where as many have them: the first in the model, or those that are met first, fact by fact and
 *   of a fact in the order of its list, as `Counter.most_common(top)` has them
 */
export function mostFrequent(
  neuronsOfFacts: readonly (readonly Neuron[])[],
  { top, ties }: Pick<ErasureDesign, 'top' | 'ties'>,
): Neuron[] {
  const counts = new Map<string, { neuron: Neuron; facts: number }>();
  for (const neuron of neuronsOfFacts.flat()) {
    const counted = counts.get(String(neuron)) ?? { neuron, facts: 0 };
    counted.facts++;
    counts.set(String(neuron), counted);
  }
  // Sorting is stable, and a map in the order of its first entries.
  const tied = ties === 'first met' ? () => 0 : compareNeurons;
  return [...counts.values()]
    .sort((a, b) => b.facts - a.facts || tied(a.neuron, b.neuron))
    .slice(0, top)
    .map(({ neuron }) => neuron);
}

/** What to erase of each relation, as its facts' neurons have come out. */
export function chooseErasures(
  erased: readonly string[],
  relations: FactsByRelation,
  neurons: ReadonlyMap<string, readonly Neuron[]>,
  design: Pick<ErasureDesign, 'top' | 'ties'>,
): PlannedErasure[] {
  return erased.map(relation => {
    const facts = relations.get(relation) ?? [];
    return {
      relation,
      neurons: mostFrequent(
        facts.map(({ uuid }) => neurons.get(uuid) ?? []),
        design,
      ),
    };
  });
}

/** What the journal lacks of the erasures. A record is of these very neurons, or is made anew. */
export function erasureWork(work: ErasureWork): OpenWork {
  const { planned, journal } = work;
  const open = planned.filter(({ relation, neurons }) => {
    const erasure = journal.get(recordOf(relation))?.erasure;
    return JSON.stringify(erasure?.neurons) !== JSON.stringify(neurons);
  });
  return {
    done: planned.length - open.length,
    open: open.map(one => ({
      uuid: recordOf(one.relation),
      relation: one.relation,
      method: ERASURE_TASK.method,
      task: () => {
        const task = taskOf(one, work);
        return { task, prompts: [...task.own, ...task.others].flatMap(({ prompts }) => prompts).length };
      },
    })),
  };
}

/** What a relation's record has in the place of a fact's uuid. */
export function recordOf(relation: string): string {
  return `relation ${relation}`;
}

function taskOf({ relation, neurons }: PlannedErasure, work: ErasureWork): ErasureTask {
  const { relations, design, continuation, dataset } = work;
  const asked = (key: FactKey) => ({ object: key.object, prompts: dataset.withPrompts(key).prompts });
  // Of a relation the same facts, whichever other one is erased.
  const sample = (name: string, count: number) =>
    sampleOf(relations.get(name) ?? [], count, `${design.seed}:facts:${name}`).map(asked);
  return {
    uuid: recordOf(relation),
    neurons,
    value: design.value,
    continuation,
    own: sample(relation, design.ownFacts),
    others: [...relations.keys()]
      .filter(name => name !== relation)
      .flatMap(name => sample(name, design.otherFacts)),
  };
}
