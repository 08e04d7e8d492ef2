/** What `kn suppress` and `kn enhance` have in common. */
import type { Command } from 'commander';
import type { Prediction, PromptEffect } from '../../intervention/prediction.js';
import { coloured } from '../../report/colour.js';
import type { DataRunOptions } from '../options/data-run-options.js';
import { findOptionsOfFact, refuseIdleNegatives, sharingText } from '../options/find-options.js';
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

export interface InterventionOptions extends DataRunOptions, PromptOptions {}

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

/**
 * Finds the neurons unless they are given, multiplies them by `factor`, and prints before and after.
 * @param didTo says what was done to "8 neurons"
 */
export async function interveneOnFact(
  options: InterventionOptions,
  factor: number,
  didTo: (neurons: string) => string,
): Promise<number> {
  const attribution = findOptionsOfFact(options);
  refuseIdleNegatives(options);
  const { findNeuronsOfFact, measureEffect, neuronsOfOption, prepareFact } = await import('./one-fact.js');
  const given = options.neurons === undefined ? undefined : await neuronsOfOption(options.neurons);
  const fact = await prepareFact(options);
  const found = given ? undefined : await findNeuronsOfFact(fact, attribution);
  const neurons = given ?? found?.neurons ?? [];
  const prompts = await measureEffect(fact, neurons, factor);
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ answer: fact.answer, neurons, prompts })}\n`);
    return 0;
  }
  const list = neurons.map(([layer, index]) => `[${layer},${index}]`).join(' ');
  const bold = (text: string) => coloured('bold', text, process.stdout);
  const count = `${neurons.length} neuron${neurons.length === 1 ? '' : 's'}`;
  process.stdout.write(`${bold(didTo(count))}${list ? `: ${list}` : ''}\n`);
  if (neurons.length === 0 && found) {
    const tooFew = prompts.length < (attribution.leastPrompts ?? 1);
    process.stdout.write(
      found.removed.length > 0
        ? `All neurons found, ${found.removed.length}, are coarse in a negative prompt too.\n`
        : `No neuron is coarse ${sharingText(attribution, 'the prompts')}; ${tooFew ? 'more prompts' : 'a lower --share'} may find some.\n`,
    );
  }
  const { visible } = await import('../../report/table.js');
  for (const prompt of prompts)
    process.stdout.write(`\n${bold(visible(prompt.prompt))}\n${await effectTable(fact.answer, prompt)}\n`);
  return 0;
}

async function effectTable(answer: string, { before, after }: PromptEffect): Promise<string> {
  const { percent, signedPercent, table } = await import('../../report/table.js');
  const change = before.probability === 0 ? '' : signedPercent(after.probability / before.probability - 1);
  const top = ({ top }: Prediction, i: number) => `${top[i].token} ${percent(top[i].probability)}`;
  return table(
    ['', 'before', 'after', 'change'],
    [
      [`probability of "${answer}"`, percent(before.probability), percent(after.probability), change],
      ['rank', String(before.rank), String(after.rank), ''],
      ...before.top.map((_, i) => [i === 0 ? 'most probable' : '', top(before, i), top(after, i), '']),
    ],
  );
}
