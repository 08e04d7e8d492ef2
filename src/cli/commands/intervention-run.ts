/** Suppressing and enhancing over a data set: `evaluate pararel`, and `find`, `suppress` and `enhance` without a prompt. */
import { doPasses } from '../../experiment/facts/work.js';
import { writeResults } from '../../experiment/facts/write-results.js';
import { unrelatedFacts } from '../../experiment/run/askable-facts.js';
import { figureFiles } from '../../figures/figure-files.js';
import type { DataRunOptions } from '../options/data-run-options.js';
import type { AskedInterventions } from '../options/data-settings.js';
import { printResult } from '../output/result-text.js';
import { summaryText } from '../output/summary.js';
import { runExperiment } from './data-run.js';

/**
 * @param command as the user knows it: "evaluate pararel"
 * @returns the exit code
 */
export function runOverData(
  command: string,
  options: DataRunOptions,
  asked: AskedInterventions,
): Promise<number> {
  return runExperiment(
    {
      command,
      asked,
      recorded: { settings: {}, words: [] },
      suffix: '',
      needsNeurons: true,
      prepare: ({ model, dataset, stages, plan }) => {
        const drawn = unrelatedFacts(plan, stages.unrelated);
        return async ({ folder, work, negatives }) => {
          const { facts } = plan;
          const { journal, settings } = folder;
          const asked = { facts, unrelated: drawn, negatives, stages, dataset, journal };
          const failed = await doPasses(asked, work);
          // A folder where interventions were measured before keeps showing them, whatever this command did.
          const unrelated = unrelatedFacts(plan, stages.unrelated ?? settings.unrelated ?? null);
          const finished = { model, plan, unrelated, stages, failed };
          const { summary, files } = await writeResults(finished, folder, figureFiles);
          return printResult({ summary, files, folder: folder.path }, summaryText, options);
        };
      },
    },
    options,
  );
}
