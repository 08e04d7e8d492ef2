/**
 * Erasing one relation, as in section 5.2 of Dai et al. (2021) and src/7_erase_knowledge.py of its authors' code
 * (Hunter-DDM/knowledge-neurons): the values of its neurons are erased, and its facts and those of other relations asked
 * before and after.
 */
import { standingsOf } from '../../intervention/standings.js';
import { eraseRule } from '../../intervention/value-changes.js';
import type { EraseValue } from '../../intervention/value-rules.js';
import type { Continuation } from '../../model/continuation-names.js';
import type { LoadedModel } from '../../model/load.js';
import type { Neuron } from '../../neurons/neuron.js';
import { checkNeurons } from '../../neurons/neuron-file.js';
import { type AskedFact, askFacts, plain } from '../facts/task.js';
import { withChangedValues } from '../run/changed-values.js';
import { askedSet } from '../run/perplexity.js';
import { inTurn } from '../run/task.js';
import type { ErasureLine, MeasuredErasure } from './record.js';

/** A relation to erase. Plain data: it travels to a worker process. */
export interface ErasureTask {
  /** Of the record. */
  readonly uuid: string;
  readonly neurons: readonly Neuron[];
  readonly value: EraseValue;
  readonly continuation: Continuation;
  /** Facts of the relation, one or more, and of the others. */
  readonly own: readonly AskedFact[];
  readonly others: readonly AskedFact[];
}

/** @param batchBytes what the values of a batch may take */
export async function runErasureTask(
  loaded: LoadedModel,
  task: ErasureTask,
  batchBytes: number,
): Promise<ErasureLine> {
  const { model } = loaded;
  checkNeurons(task.neurons, model);
  const own = await askFacts(loaded, task.own, task.continuation);
  const others = await askFacts(loaded, task.others, task.continuation);
  const measure = async (): Promise<MeasuredErasure> => {
    const standings = await standingsOf(model, [...own, ...others], batchBytes);
    const ofOwn = askedSet(standings.slice(0, own.length));
    if (!ofOwn) throw new Error(`${task.uuid}: no prompts`);
    return { own: ofOwn, others: askedSet(standings.slice(own.length)) };
  };
  const before = await measure();
  const after = await withChangedValues(model, task.neurons, await eraseRule(loaded, task.value), measure);
  return { uuid: task.uuid, erasure: { neurons: plain(task.neurons), before, after } };
}

export const ERASURE_TASK = inTurn('runErasure', runErasureTask);
