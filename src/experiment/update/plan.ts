/**
 * Which facts are updated, to what, and with which neurons, after src/6_edit_knowledge_sampled.py of the authors' code of
 * Dai et al. (Hunter-DDM/knowledge-neurons): some of each relation in random order, those without neurons and those
 * that the model gets wrong passed over; the new answer is that of another fact of the relation.
 */
import type { FactKey } from '../../dataset/fact.js';
import type { Neuron } from '../../neurons/neuron.js';
import { neuronFileNames } from '../facts/neurons-of-facts.js';
import { type FindingPlan, planFinding } from '../facts/plan.js';
import { stagesOf } from '../facts/stages.js';
import { draw } from '../run/draw.js';
import type { ExperimentData, ExperimentPlan } from '../run/experiment.js';
import { findsAsInPaper } from '../run/paper.js';
import { type FactsByRelation, factsByRelation, sampleOf } from '../run/sample.js';
import { designOf, type UpdateDesign, type UpdateRequest, updatesAsInPaper } from './request.js';

/** A fact that can be updated, or why it cannot. */
export type PlannedUpdate =
  | { readonly fact: FactKey; readonly target: string; readonly neurons: readonly Neuron[] }
  | { readonly fact: FactKey; readonly reason: string };

export interface UpdatePlan extends FindingPlan, ExperimentPlan {
  readonly relations: FactsByRelation;
  readonly design: UpdateDesign;
  /** Whether it is the paper's experiment, so that the numbers of both compare. */
  readonly isPapers: boolean;
}

/** @throws UserError where no fact can be asked */
export function planUpdate(request: UpdateRequest, data: ExperimentData): UpdatePlan {
  const design = designOf(request);
  const stages = stagesOf(request, data.given);
  const { sizes: _, operations: __, ...finding } = planFinding(stages, data);
  const relations = factsByRelation(finding.facts);
  const taken = [...relations.values()].reduce(
    (sum, facts) => sum + Math.min(facts.length, design.perRelation),
    0,
  );
  const work = { name: 'updating', facts: taken, queries: null, passes: null, operations: null };
  return {
    ...finding,
    ...{ relations, design },
    isPapers: findsAsInPaper(request, data.config) && updatesAsInPaper(request),
    work: [...finding.work, work],
    files: neuronFileNames(data.model, stages.neurons),
    shown: { name: 'update', data: true, figures: [] },
  };
}

/**
 * Each relation's facts in the order that they are taken in.
 * @param neuronsOf undefined for a fact that has no list of neurons, which has its own reason then
 * @param answerOf says which objects are one answer: "Apple" and "apple" may be the same tokens
 */
export function updatesInOrder(
  relations: FactsByRelation,
  neuronsOf: (uuid: string) => readonly Neuron[] | undefined,
  answerOf: (object: string) => string,
  { seed, ...sharing }: Pick<UpdateDesign, 'seed' | 'shared' | 'sharedRule'>,
): PlannedUpdate[][] {
  return [...relations].map(([relation, facts]) => {
    const known = facts.flatMap(({ uuid }) => {
      const neurons = neuronsOf(uuid);
      return neurons ? [neurons] : [];
    });
    const isOwn = rarelyShared(known, sharing);
    return sampleOf(facts, facts.length, `${seed}:order:${relation}`).map(fact => {
      const neurons = neuronsOf(fact.uuid);
      if (!neurons) return { fact, reason: 'it has no list of neurons' };
      if (neurons.length === 0) return { fact, reason: 'it has no knowledge neurons' };
      const own = neurons.filter(isOwn);
      if (own.length === 0) {
        return { fact, reason: allShared(sharing) };
      }
      const target = drawTarget(fact, facts, answerOf, seed);
      if (target === undefined)
        return { fact, reason: 'no other fact of its relation in this run has another answer' };
      return { fact, target, neurons: own };
    });
  });
}

type Sharing = Pick<UpdateDesign, 'shared' | 'sharedRule'>;

/**
 * Whether a neuron of a fact is one of at most `shared` of its relation's other facts (section 5.1 of the paper, to spare
 * these). By `select_kn` the fact itself counts twice, once for its own list and once among all, and the share is of all
 * facts: of the paper's 0.1, a relation of fewer than 20 facts keeps none.
 * @param neuronsOfFacts of the relation's facts, those of the fact among them
 */
export function rarelyShared(
  neuronsOfFacts: readonly (readonly Neuron[])[],
  { shared, sharedRule }: Sharing,
): (neuron: Neuron) => boolean {
  const facts = new Map<string, number>();
  for (const neuron of neuronsOfFacts.flat()) {
    const key = String(neuron);
    facts.set(key, (facts.get(key) ?? 0) + 1);
  }
  const [own, all] = sharedRule === 'select_kn' ? [2, neuronsOfFacts.length] : [0, neuronsOfFacts.length - 1];
  return neuron => (facts.get(String(neuron)) ?? 1) - 1 + own <= all * shared;
}

function allShared({ shared, sharedRule }: Sharing): string {
  if (sharedRule === 'select_kn')
    return `each of its neurons is one of more than ${shared} of its relation's facts, itself counted twice (--shared, as the authors' code)`;
  return `each of its neurons is one of more than ${shared} of its relation's other facts too (--shared)`;
}

/** The object of a random fact of the relation that has another answer; undefined where none has. */
export function drawTarget(
  { uuid, object }: FactKey,
  facts: readonly FactKey[],
  answerOf: (object: string) => string,
  seed: number,
): string | undefined {
  const own = answerOf(object);
  const candidates = facts.filter(other => answerOf(other.object) !== own);
  if (candidates.length === 0) return undefined;
  return candidates[draw(`${seed}:target:${uuid}`, candidates.length)].object;
}
