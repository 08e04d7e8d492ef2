/** What `kn suppress` and `kn enhance` have in common. */
import type { Command } from 'commander';
import type { UnrelatedRule } from '../../experiment/facts/unrelated.js';
import type { DataRunOptions } from '../options/data-run-options.js';
import {
  addAskingOptions,
  addAttributionOptions,
  addDataOptions,
  addModelOptions,
  addNeuronsOption,
  addOutputOptions,
  addPromptOptions,
  addRunOptions,
  addUnrelatedOptions,
  type PromptOptions,
} from '../options/options.js';
import { print } from '../output/print.js';
import { createProgress } from '../output/progress.js';

export interface InterventionOptions extends DataRunOptions, PromptOptions {
  readonly unrelated?: UnrelatedRule;
}

export function addInterventionOptions(command: Command): void {
  addModelOptions(command);
  addPromptOptions(command);
  addAskingOptions(command);
  addAttributionOptions(command, '0.5 for one fact, 0.3 over a data set');
  addNeuronsOption(command);
  addDataOptions(command);
  addUnrelatedOptions(command);
  addRunOptions(command);
  addOutputOptions(command);
}

export interface AskedIntervention {
  /** What one fact's neurons are multiplied by. */
  readonly factor: number;
  /** The same over a data set. */
  readonly overData: { readonly suppress: boolean; readonly enhance: number | null };
  /** Says what was done to "8 neurons". */
  readonly didTo: (neurons: string) => string;
}

/**
 * Multiplies neurons, in one fact or over a data set, and prints before and after.
 * @returns the exit code
 */
export async function runIntervention(
  options: InterventionOptions,
  asked: AskedIntervention,
): Promise<number> {
  const { asksOneFact } = await import('../options/asks-one-fact.js');
  if (asksOneFact(options)) return interveneOnFact(options, asked);
  const { runRequest } = await import('../options/run-request.js');
  const { runAndReport } = await import('../run-and-report.js');
  const { unrelated } = options;
  const interventions = { ...asked.overData, unrelated };
  return runAndReport({ experiment: 'facts', ...runRequest(options), interventions }, options);
}

async function interveneOnFact(
  options: InterventionOptions,
  { factor, didTo }: AskedIntervention,
): Promise<number> {
  const { askedFact, factFinding, givenNeurons } = await import('../options/fact-request.js');
  const { refuseIdleFinding } = await import('../options/idle-options.js');
  const finding = factFinding(options);
  refuseIdleFinding(options, 'fact');
  const given = await givenNeurons(options.neurons);
  const { prompts, answer, negativePrompts } = await askedFact(options);
  const { openKnowledgeNeurons } = await import('../open-model.js');
  const { onProgress } = createProgress(options);
  const kn = await openKnowledgeNeurons(options, [...prompts, ...negativePrompts], onProgress);
  const found = given ? undefined : await kn.find(prompts, answer, { ...finding, negativePrompts });
  const neurons = given ?? found?.neurons ?? [];
  const { prompts: effects } = await kn.enhance(prompts, answer, neurons, { factor });
  const answerTokens = kn.answerTokens(answer, effects[0].prompt);
  const { warnOfUnknown } = await import('../output/fact-warnings.js');
  warnOfUnknown({ answer, answerTokens, standings: effects.map(({ before }) => before) }, onProgress);
  const { effectsJson, effectsText } = await import('../output/effects-text.js');
  const { silentPrompts } = await import('../../library/find-neurons-of-fact.js');
  const silent = found ? silentPrompts(found) : [];
  const lines = options.json
    ? [effectsJson({ answer, answerTokens, neurons, effects }, silent)]
    : effectsText({ answer, answerTokens, neurons, effects, didTo, found, sharing: finding });
  print(...lines);
  return 0;
}
