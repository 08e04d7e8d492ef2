/** What `kn erase` and `kn edit` do with one fact. */
import { UsageError } from '../../errors.js';
import { DEFAULTS } from '../../experiment/run/defaults.js';
import { usualData } from '../../experiment/run/request.js';
import { changeFact } from '../../library/change-fact.js';
import type { AskedChange } from '../../library/change-request.js';
import { checkSavePlace } from '../../model/checkpoint/save-checkpoint.js';
import { openModel, siteOf } from '../open-model.js';
import { allPrompts, askedFact, factFinding, givenNeurons } from '../options/fact-request.js';
import { refuseIdleDraw, refuseIdleFinding } from '../options/idle-options.js';
import type { ValueOptions } from '../options/value-options.js';
import { changeText } from '../output/change-text.js';
import { warnOfMasks, warnOfUnknown } from '../output/fact-warnings.js';
import { interruptible } from '../output/interrupt.js';
import { print } from '../output/print.js';
import { createProgress } from '../output/progress.js';

/** @returns the exit code */
export async function changeAndReport(options: ValueOptions, change: AskedChange): Promise<number> {
  const finding = factFinding(options);
  refuseIdleFinding(options, 'fact');
  refuseIdleDraw(options);
  const {
    prompt,
    prompts,
    answer,
    save = null,
    continuation,
    unrelatedFacts,
    seed = DEFAULTS.seed,
  } = options;
  if (answer === undefined || (prompt ?? prompts) === undefined)
    throw new UsageError(
      `kn ${change.change} needs --prompt and --answer`,
      'Give a sentence with [MASK] for the answer (for a GPT one that ends there), and the answer that it has now.',
    );
  if (save !== null) await checkSavePlace(save);
  const given = await givenNeurons(options.neurons);
  const otherPrompts = await allPrompts(options.otherPrompt, options.otherPrompts);
  const { negativePrompts, ...fact } = await askedFact(options);
  const { onProgress } = createProgress(options);
  const opened = await openModel(options, onProgress);
  warnOfMasks([...fact.prompts, ...otherPrompts, ...negativePrompts], opened.model.causal, onProgress);
  const data = options.data ?? usualData(options.model);
  const { report, whyNoNeurons } = await interruptible(signal =>
    changeFact(
      opened,
      {
        ...fact,
        ...{ change, otherPrompts, save },
        neurons: given ?? { ...finding, negativePrompts },
        asking: { site: siteOf(options, opened), continuation },
        unrelated: unrelatedFacts === 0 ? null : { data, count: unrelatedFacts, seed },
      },
      { onProgress, signal },
    ),
  );
  const { answerTokens } = report;
  const standings = [...report.prompts, ...report.otherPrompts].map(({ before }) => before);
  warnOfUnknown({ answer, answerTokens, standings }, onProgress);
  print(...(options.json ? [JSON.stringify(report)] : changeText(report, whyNoNeurons)));
  return 0;
}
