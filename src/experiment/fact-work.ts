import type { Dataset } from '../dataset/dataset.js';
import type { FactKey } from '../dataset/fact.js';
import type { FactTask } from './fact-task.js';
import type { Journal } from './journal.js';
import { areGiven, lacks, type Stages } from './stages.js';
import type { OpenWork } from './work.js';

export interface FactWork {
  readonly facts: readonly FactKey[];
  readonly unrelated: ReadonlyMap<string, FactKey>;
  readonly stages: Stages;
  readonly dataset: Dataset;
  readonly journal: Journal;
}

/** What the journal lacks of the facts: their neurons, or interventions on these. */
export function factWork(work: FactWork): OpenWork {
  const { facts, stages, journal } = work;
  const open = facts.filter(({ uuid }) => lacks(journal.get(uuid), stages));
  return {
    done: facts.length - open.length,
    open: open.map(fact => ({
      uuid: fact.uuid,
      relation: fact.relation,
      method: 'runFact',
      task: () => {
        const task = taskOf(fact, work);
        return { task, prompts: task.fact.prompts.length };
      },
    })),
  };
}

/** What a fact still lacks, as a worker is to do it. */
function taskOf(fact: FactKey, { stages, dataset, journal, unrelated }: FactWork): FactTask {
  const { neurons, suppress, enhance, site, continuation } = stages;
  const known = journal.get(fact.uuid);
  const asked = (key: FactKey) => ({ object: key.object, prompts: dataset.withPrompts(key).prompts });
  const other = unrelated.get(fact.uuid);
  return {
    uuid: fact.uuid,
    fact: asked(fact),
    site,
    continuation,
    neurons: areGiven(neurons) ? (neurons.of(fact.uuid) ?? []) : (known?.neurons ?? neurons),
    interventions: other
      ? {
          suppress: suppress && !known?.suppression,
          enhance: known?.enhancement ? null : enhance,
          unrelated: asked(other),
        }
      : null,
  };
}
