/** Each relation's most frequent neurons erased, measured, and put back (Dai et al., 2021, section 5.2). */
import { neuronFiles, neuronsOfFacts } from '../facts/neurons-of-facts.js';
import { neuronSettings } from '../facts/settings.js';
import { stagesOf } from '../facts/stages.js';
import { defineExperiment } from '../run/experiment.js';
import { planErasure } from './plan.js';
import { ERASURE_RECORDS } from './record.js';
import { completeErasure } from './request.js';
import { commandOf, erasureSettings } from './settings.js';
import { showErasures } from './shown.js';
import { summarizeErasures } from './summary.js';
import { ERASURE_TASK } from './task.js';
import { chooseErasures, erasureWork, recordOf } from './work.js';

export const erasure = defineExperiment({
  name: 'erasure',
  complete: completeErasure,
  tasks: [ERASURE_TASK],
  records: ERASURE_RECORDS,
  plan: planErasure,
  describe: (request, given) => ({
    settings: { neurons: neuronSettings(stagesOf(request, given)), erasure: erasureSettings(request) },
    command: commandOf(request),
  }),
  carryOut: async (plan, { model, dataset }, { folder: { journal }, work }) => {
    const { stages, relations, erased, design } = plan;
    const facts = plan.facts.filter(({ relation }) => erased.includes(relation));
    const found = await neuronsOfFacts({ ...plan, facts, dataset, journal }, work);
    const chosen = chooseErasures(erased, relations, found.neurons, design);
    const planned = chosen.filter(({ neurons }) => neurons.length > 0);
    const { continuation } = stages;
    const failed = await work(
      'relations',
      erasureWork({ planned, relations, design, continuation, dataset, journal }),
    );
    const failures = new Set(failed.map(({ relation }) => relation));
    const summary = summarizeErasures(
      model,
      {
        selected: plan.facts.length + plan.skipped.length,
        skipped: plan.skipped,
        failed: [...found.failed, ...failed],
      },
      chosen.filter(({ neurons }) => neurons.length === 0).map(({ relation }) => relation),
      planned.flatMap(({ relation }) => {
        const record = failures.has(relation) ? undefined : journal.get(recordOf(relation))?.erasure;
        return record ? [[relation, record] as const] : [];
      }),
      found.counted,
    );
    const compared = plan.isPapers ? { facts: plan.facts.length, relations: relations.size } : undefined;
    return {
      summary,
      results: neuronFiles(model, stages.neurons, found.neurons),
      shown: showErasures(summary, compared),
    };
  },
});
