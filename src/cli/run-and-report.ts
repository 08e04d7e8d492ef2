/** What every command does that asks a data set: runs a request, prints what came out, and says by its code how it ended. */
import type { RequestInput } from '../experiment/experiments.js';
import { planExperiment, runExperiment } from '../library/run-experiment.js';
import { jsonLine } from '../report/json.js';
import { planJson, planText } from '../report/plan.js';
import { textReport } from '../report/text.js';
import type { OutputOptions } from './options/options.js';
import { EXIT } from './output/exit.js';
import { interruptible } from './output/interrupt.js';
import { print } from './output/print.js';
import { createProgress } from './output/progress.js';

/** @returns the exit code */
export function runAndReport(
  request: RequestInput,
  output: OutputOptions & { readonly dryRun?: boolean },
): Promise<number> {
  const { onProgress } = createProgress(output);
  return interruptible(async signal => {
    if (output.dryRun) {
      const plan = await planExperiment(request, { onProgress, signal });
      print(...(output.json ? [planJson(plan)] : planText(plan)));
      return EXIT.done;
    }
    const { summary, shown, files, folder } = await runExperiment(request, {
      ...{ onProgress, signal },
      arguments: process.argv.slice(2),
    });
    print(...(output.json ? [jsonLine(summary, files)] : textReport(shown, files, folder)));
    return summary.facts.failed.length === 0 ? EXIT.done : EXIT.someFactsFailed;
  });
}
