/**
 * A run as passes over its facts. Mostly one does: a fact's neurons are its own. Where all facts of a relation decide on the
 * share of prompts that their neurons need, one pass counts, and after it another measures.
 */
import type { Dataset } from '../dataset/dataset.js';
import type { FactKey } from '../dataset/fact.js';
import type { AskedFact, FactTask } from './fact-task.js';
import { negativePrompts } from './negatives.js';
import type { RunPlan } from './plan.js';
import {
  areGiven,
  areTuned,
  effectsOf,
  lacks,
  type NeuronSource,
  type Stages,
  type TunedFinding,
} from './stages.js';
import type { FailedFact } from './summary.js';
import { type ComparedNeurons, tuneRelations } from './tuned-relations.js';
import { doWork, type Pass, type Work } from './work.js';

export interface Run extends Work {
  readonly plan: RunPlan;
  readonly unrelated: ReadonlyMap<string, FactKey>;
  readonly negatives: ReadonlyMap<string, readonly FactKey[]>;
  readonly stages: Stages;
  readonly dataset: Dataset;
}

/** @returns the facts that failed three times; throws what {@link doWork} does */
export async function doPasses(run: Run): Promise<FailedFact[]> {
  const { plan, stages, journal } = run;
  if (!areTuned(stages.neurons)) return doWork(wholePass(run, stages.neurons), run);
  const uncounted = await doWork(countingPass(run, stages.neurons), run);
  if (!stages.suppress && stages.enhance === null) return uncounted;
  const { neurons } = tuneRelations(plan.facts, uuid => journal.get(uuid), stages.neurons);
  const unmeasured = await doWork(measuringPass(run, neurons), run);
  const failed = new Map([...uncounted, ...unmeasured].map(fact => [fact.uuid, fact]));
  return plan.facts.flatMap(({ uuid }) => failed.get(uuid) ?? []);
}

/** All that is asked of a fact at once. */
function wholePass(
  { plan, stages, dataset, journal, unrelated, negatives }: Run,
  neurons: Exclude<NeuronSource, TunedFinding>,
): Pass {
  const { site, continuation } = stages;
  return {
    name: 'facts',
    facts: plan.facts,
    isOpen: ({ uuid }) => lacks(journal.get(uuid), stages),
    taskOf: fact => {
      const known = journal.get(fact.uuid);
      return {
        uuid: fact.uuid,
        fact: asked(dataset, fact),
        site,
        continuation,
        negatives: negativePrompts(negatives.get(fact.uuid) ?? [], dataset.withPrompts),
        neurons: areGiven(neurons) ? (neurons.of(fact.uuid) ?? []) : (known?.neurons ?? neurons),
        interventions: interventionsOf(stages, known ?? {}, dataset, unrelated.get(fact.uuid), null),
      };
    },
  };
}

function countingPass({ plan, stages, dataset, journal, negatives }: Run, counting: TunedFinding): Pass {
  const { site, continuation } = stages;
  return {
    name: 'counting',
    facts: plan.facts,
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
  { plan, stages, dataset, journal, unrelated }: Run,
  neurons: ReadonlyMap<string, ComparedNeurons>,
): Pass {
  const { site, continuation } = stages;
  return {
    name: 'measuring',
    facts: plan.facts.filter(({ uuid }) => neurons.has(uuid)),
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
