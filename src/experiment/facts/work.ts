/**
 * A run as passes over its facts. Mostly one does: a fact's neurons are its own. Where all facts of a relation decide on the
 * share of prompts that their neurons need, one pass counts, and after it another measures.
 */
import type { Dataset } from '../../dataset/dataset.js';
import type { FactKey } from '../../dataset/fact.js';
import type { TunedFinding } from '../run/finding.js';
import type { Journal } from '../run/journal.js';
import { negativePrompts } from '../run/negatives.js';
import type { FailedFact } from '../run/outcome.js';
import type { DoWork, OpenWork } from '../run/work.js';
import { COUNT_TASK, type CountTask } from './count-task.js';
import type { FactRecord } from './record.js';
import { areGiven, areTuned, effectsOf, lacks, type NeuronSource, type Stages } from './stages.js';
import { type AskedFact, FACT_TASK, type FactTask } from './task.js';
import { type ComparedNeurons, tuneRelations } from './tuned-relations.js';

export interface Run {
  readonly facts: readonly FactKey[];
  readonly unrelated: ReadonlyMap<string, FactKey>;
  readonly negatives: ReadonlyMap<string, readonly FactKey[]>;
  readonly stages: Stages;
  readonly dataset: Dataset;
  readonly journal: Journal<FactRecord>;
}

/** Once over the facts of a run. */
interface Pass {
  /** As progress shows it. */
  readonly name: string;
  readonly facts: readonly FactKey[];
  /** Whether the journal lacks something that this pass finds out. */
  readonly isOpen: (fact: FactKey) => boolean;
  /** Of the task. */
  readonly method: string;
  readonly taskOf: (fact: FactKey) => FactTask | CountTask;
}

/** @returns the facts that failed three times; throws what `doWork` does */
export async function doPasses(run: Run, doWork: DoWork): Promise<FailedFact[]> {
  const { facts, stages, journal } = run;
  const work = (pass: Pass) => doWork(pass.name, workOf(pass));
  if (!areTuned(stages.neurons)) return work(wholePass(run, stages.neurons));
  const uncounted = await work(countingPass(run, stages.neurons));
  if (!stages.suppress && stages.enhance === null) return uncounted;
  const { neurons } = tuneRelations(facts, uuid => journal.get(uuid), stages.neurons);
  const unmeasured = await work(measuringPass(run, neurons));
  const failed = new Map([...uncounted, ...unmeasured].map(fact => [fact.uuid, fact]));
  return facts.flatMap(({ uuid }) => failed.get(uuid) ?? []);
}

function workOf({ facts, isOpen, method, taskOf }: Pass): OpenWork {
  const open = [...facts.entries()].filter(([, fact]) => isOpen(fact));
  return {
    done: facts.length - open.length,
    open: open.map(([place, fact]) => ({
      uuid: fact.uuid,
      relation: fact.relation,
      method,
      place,
      task: () => {
        const task = taskOf(fact);
        return { task, prompts: task.fact.prompts.length };
      },
    })),
  };
}

/** All that is asked of a fact at once. */
function wholePass(
  { facts, stages, dataset, journal, unrelated, negatives }: Run,
  neurons: Exclude<NeuronSource, TunedFinding>,
): Pass {
  const { site, continuation } = stages;
  return {
    name: 'facts',
    facts,
    method: FACT_TASK.method,
    isOpen: ({ uuid }) => lacks(journal.get(uuid), stages),
    taskOf: fact => {
      const known = journal.get(fact.uuid);
      const source = areGiven(neurons) ? (neurons.of(fact.uuid) ?? []) : (known?.neurons ?? neurons);
      // Effects of neurons that are to be found again are measured again: the line that had them is lost.
      const effects = source === neurons ? {} : (known ?? {});
      return {
        uuid: fact.uuid,
        fact: asked(dataset, fact),
        site,
        continuation,
        negatives: negativePrompts(negatives.get(fact.uuid) ?? [], dataset.withPrompts),
        neurons: source,
        interventions: interventionsOf(stages, effects, dataset, unrelated.get(fact.uuid), null),
      };
    },
  };
}

function countingPass({ facts, stages, dataset, journal, negatives }: Run, counting: TunedFinding): Pass {
  const { site, continuation } = stages;
  return {
    name: 'counting',
    facts,
    method: COUNT_TASK.method,
    isOpen: ({ uuid }) => !journal.get(uuid)?.counts,
    taskOf: fact => ({
      uuid: fact.uuid,
      fact: asked(dataset, fact),
      site,
      continuation,
      negatives: negativePrompts(negatives.get(fact.uuid) ?? [], dataset.withPrompts),
      counting,
    }),
  };
}

/** @param neurons of the facts that were counted: the others are left out */
function measuringPass(
  { facts, stages, dataset, journal, unrelated }: Run,
  neurons: ReadonlyMap<string, ComparedNeurons>,
): Pass {
  const { site, continuation } = stages;
  return {
    name: 'measuring',
    facts: facts.filter(({ uuid }) => neurons.has(uuid)),
    method: FACT_TASK.method,
    isOpen: ({ uuid }) => lacks(journal.get(uuid), stages, neurons.get(uuid)),
    taskOf: fact => {
      const compared = neurons.get(fact.uuid);
      const known = effectsOf(journal.get(fact.uuid), compared);
      const baseline = compared?.baseline ?? [];
      return {
        uuid: fact.uuid,
        fact: asked(dataset, fact),
        site,
        continuation,
        negatives: [],
        neurons: compared?.knowledge ?? [],
        interventions: interventionsOf(stages, known, dataset, unrelated.get(fact.uuid), baseline),
      };
    },
  };
}

function asked(dataset: Dataset, fact: FactKey): AskedFact {
  return { object: fact.object, prompts: dataset.withPrompts(fact).prompts };
}

/** The interventions that are not known yet; none without an unrelated fact. */
function interventionsOf(
  { suppress, enhance }: Stages,
  known: ReturnType<typeof effectsOf>,
  dataset: Dataset,
  unrelated: FactKey | undefined,
  baseline: ComparedNeurons['baseline'] | null,
): FactTask['interventions'] {
  if (!unrelated) return null;
  return {
    suppress: suppress && !known.suppression,
    enhance: known.enhancement ? null : enhance,
    unrelated: asked(dataset, unrelated),
    baseline,
  };
}
