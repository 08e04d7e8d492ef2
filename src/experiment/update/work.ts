import type { Dataset } from '../../dataset/dataset.js';
import type { FactKey } from '../../dataset/fact.js';
import type { Continuation } from '../../model/continuation-names.js';
import type { Neuron } from '../../neurons/neuron.js';
import { drawDistinct } from '../run/draw.js';
import type { Journal } from '../run/journal.js';
import type { FailedFact, SkippedFact } from '../run/outcome.js';
import { type FactsByRelation, sampleAcross, sampleOf } from '../run/sample.js';
import type { OpenWork, Piece } from '../run/work.js';
import type { PlannedUpdate } from './plan.js';
import type { UpdateLine, UpdateRecord } from './record.js';
import type { UpdateDesign } from './request.js';
import { UPDATE_TASK, type UpdateTask } from './task.js';

export interface UpdateWork {
  /** Each relation's facts in the order that they are taken in. */
  readonly planned: readonly (readonly PlannedUpdate[])[];
  /** All facts that can be asked: what perplexity is measured on comes from these. */
  readonly relations: FactsByRelation;
  readonly design: UpdateDesign;
  readonly continuation: Continuation;
  readonly model: { readonly layers: number; readonly intermediateSize: number };
  readonly dataset: Dataset;
  readonly journal: Journal<UpdateLine>;
}

type PossibleUpdate = Extract<PlannedUpdate, { target: string }>;

/** What became of the facts that were taken; the others of their relations were not needed. */
export interface DoneUpdates {
  readonly updated: readonly { readonly fact: FactKey; readonly update: UpdateRecord }[];
  readonly skipped: readonly SkippedFact[];
  readonly failed: readonly FailedFact[];
}

/**
 * Updates so many facts of each relation. Those that the model gets wrong are known only when they are asked, so that
 * the next of the relation's order are taken in their place until there are enough, or none is left.
 * @param work does pieces, as doWork
 */
export async function doUpdates(
  update: UpdateWork,
  work: (work: OpenWork) => Promise<FailedFact[]>,
): Promise<DoneUpdates> {
  const failed = new Map<string, FailedFact>();
  for (;;) {
    const settled = update.planned.map(planned => settle(planned, update, failed));
    const open = settled.flatMap(one => one.open);
    const updated = settled.flatMap(one => one.updated);
    if (open.length === 0)
      return { updated, skipped: settled.flatMap(one => one.skipped), failed: [...failed.values()] };
    const pieces = open.map(one => pieceOf(one, update));
    for (const failure of await work({ open: pieces, done: updated.length }))
      failed.set(failure.uuid, failure);
  }
}

/** How far a relation is: what is in the journal, and what to do next. */
function settle(
  planned: readonly PlannedUpdate[],
  { design, journal }: UpdateWork,
  failed: ReadonlyMap<string, FailedFact>,
) {
  const updated: { fact: FactKey; update: UpdateRecord }[] = [];
  const skipped: SkippedFact[] = [];
  const open: PossibleUpdate[] = [];
  let failures = 0;
  for (const one of planned) {
    if (updated.length + open.length + failures >= design.perRelation) break;
    const { fact } = one;
    if ('reason' in one) {
      skipped.push({ ...fact, reason: one.reason });
      continue;
    }
    const update = journal.get(fact.uuid)?.update;
    if (failed.has(fact.uuid)) failures++;
    else if (!update || !isOf(update, one)) open.push(one);
    else if (update.measured) updated.push({ fact, update });
    else skipped.push({ ...fact, reason: 'the model answers none of its prompts correctly' });
  }
  return { updated, skipped, open };
}

/** Whether a record is of this very update: neurons change where a fact that had failed has some now. */
function isOf(update: UpdateRecord, { target, neurons }: PossibleUpdate): boolean {
  return update.target === target && JSON.stringify(update.neurons) === JSON.stringify(neurons);
}

function pieceOf(one: PossibleUpdate, work: UpdateWork): Piece {
  const { uuid, relation } = one.fact;
  return {
    uuid,
    relation,
    method: UPDATE_TASK.method,
    task: () => {
      const task = taskOf(one, work);
      const own = task.fact.prompts.length;
      return { task, prompts: own + [...task.same, ...task.other].flatMap(({ prompts }) => prompts).length };
    },
  };
}

function taskOf({ fact, target, neurons }: PossibleUpdate, work: UpdateWork): UpdateTask {
  const { relations, design, continuation, model, dataset } = work;
  const { rule, lambdas, measured, onlyCorrect, seed } = design;
  const asked = (key: FactKey) => ({ object: key.object, prompts: dataset.withPrompts(key).prompts });
  const relation = (relations.get(fact.relation) ?? []).filter(({ uuid }) => uuid !== fact.uuid);
  const others = new Map([...relations].filter(([name]) => name !== fact.relation));
  return {
    uuid: fact.uuid,
    fact: asked(fact),
    target,
    continuation,
    neurons,
    random: randomNeurons(model, neurons.length, `${seed}:random:${fact.uuid}`),
    rule,
    lambdas,
    onlyCorrect,
    same: sampleOf(relation, measured, `${seed}:same:${fact.uuid}`).map(asked),
    other: sampleAcross(others, measured, `${seed}:other:${fact.uuid}`).map(asked),
  };
}

/** So many different neurons of the model. */
export function randomNeurons(
  { layers, intermediateSize }: UpdateWork['model'],
  count: number,
  key: string,
): Neuron[] {
  return drawDistinct(key, layers * intermediateSize, count).map(place => [
    Math.floor(place / intermediateSize),
    place % intermediateSize,
  ]);
}
