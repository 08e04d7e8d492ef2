/** Each fact's neurons edited, measured, and put back (Dai et al., 2021, section 5.1). */
import { answerIds } from '../../model/tokenizer/tokenizer.js';
import { neuronFiles, neuronsOfFacts } from '../facts/neurons-of-facts.js';
import { neuronSettings } from '../facts/settings.js';
import { stagesOf } from '../facts/stages.js';
import { defineExperiment } from '../run/experiment.js';
import { planUpdate, updatesInOrder } from './plan.js';
import { UPDATE_RECORDS } from './record.js';
import { completeUpdate, designOf } from './request.js';
import { commandOf, updateSettings } from './settings.js';
import { showUpdates } from './shown.js';
import { summarizeUpdates } from './summary.js';
import { UPDATE_TASK } from './task.js';
import { doUpdates } from './work.js';

export const update = defineExperiment({
  name: 'update',
  complete: completeUpdate,
  tasks: [UPDATE_TASK],
  records: UPDATE_RECORDS,
  plan: planUpdate,
  describe: (request, given) => {
    const design = designOf(request);
    return {
      settings: { neurons: neuronSettings(stagesOf(request, given)), update: updateSettings(design) },
      command: commandOf(design),
    };
  },
  carryOut: async (plan, { model, config, tokenizer, dataset }, { folder: { journal }, work }) => {
    const { stages, relations, design } = plan;
    const found = await neuronsOfFacts({ ...plan, dataset, journal }, work);
    const answerOf = remembered((object: string) => answerIds(tokenizer, object).join());
    const planned = updatesInOrder(relations, uuid => found.neurons.get(uuid), answerOf, design);
    const { continuation } = stages;
    const done = await doUpdates(
      { planned, relations, design, continuation, model: config, dataset, journal },
      pieces => work('updates', pieces),
    );
    const failed = [...found.failed, ...done.failed];
    const failures = new Set(failed.map(({ uuid }) => uuid));
    const summary = summarizeUpdates(
      model,
      plan.facts.length + plan.skipped.length,
      done.updated,
      [...plan.skipped, ...done.skipped.filter(({ uuid }) => !failures.has(uuid))],
      failed,
      found.counted,
    );
    const compared = plan.isPapers ? { facts: plan.facts.length, relations: relations.size } : undefined;
    return {
      summary,
      results: neuronFiles(model, stages.neurons, found.neurons),
      shown: showUpdates(summary, done.updated, compared),
    };
  },
});

function remembered<Key, Value>(of: (key: Key) => Value): (key: Key) => Value {
  const known = new Map<Key, Value>();
  return key => {
    const value = known.get(key) ?? of(key);
    known.set(key, value);
    return value;
  };
}
