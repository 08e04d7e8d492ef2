/** Finding the knowledge neurons of every fact, and intervening on them (Dai et al., 2021, sections 3 and 4). */
import { z } from 'zod';
import { defineExperiment } from '../run/experiment.js';
import { COUNT_TASK } from './count-task.js';
import { planFacts, unrelatedFacts } from './plan.js';
import { FACT_RECORDS } from './record.js';
import { completeFacts } from './request.js';
import { finishFacts } from './results.js';
import { commandOf, interventionSettings, multipliedAsInPaper, neuronSettings } from './settings.js';
import { showFacts } from './shown.js';
import { stagesOf } from './stages.js';
import { FACT_TASK } from './task.js';
import { UNRELATED_RULES } from './unrelated.js';
import { doPasses } from './work.js';

const drawSchema = z.object({ rule: z.enum(UNRELATED_RULES), seed: z.int() });

export const facts = defineExperiment({
  name: 'facts',
  complete: completeFacts,
  tasks: [FACT_TASK, COUNT_TASK],
  records: FACT_RECORDS,
  plan: planFacts,
  describe: (request, given) => {
    const stages = stagesOf(request, given, request.interventions);
    return {
      settings: { neurons: neuronSettings(stages), ...interventionSettings(stages) },
      command: commandOf(request.interventions),
    };
  },
  carryOut: async (plan, { model, dataset }, { folder, work }) => {
    const { journal, settings } = folder;
    const failed = await doPasses({ ...plan, dataset, journal }, work);
    // A folder where interventions were measured before keeps showing them, whatever this run did.
    const drawn = plan.stages.unrelated ?? drawSchema.safeParse(settings.unrelated).data ?? null;
    const unrelated = unrelatedFacts(plan.facts, drawn);
    const { summary, measured, results } = finishFacts({ ...plan, model, unrelated, failed }, journal);
    const asInPaper = plan.isPapers ? multipliedAsInPaper(settings) : [];
    return { summary, results, shown: showFacts(summary, measured, asInPaper) };
  },
});
