/** What `kn suppress` and `kn enhance` print of one fact. */
import type { Prediction, PromptEffect } from '../../intervention/prediction.js';
import { silentPrompts } from '../../library/find-neurons-of-fact.js';
import type { FactNeurons } from '../../library/options.js';
import { whyNoNeurons } from '../../library/why-no-neurons.js';
import type { Neuron } from '../../neurons/neuron.js';
import type { Sharing } from '../../neurons/refined.js';
import { counted, percent, signedPercent } from '../../numbers.js';
import { coloured } from '../../report/colour.js';
import { table } from '../../report/table.js';
import { rankName, tokensNote } from './answer-tokens.js';
import { silentText } from './silent-text.js';

/** What was measured. */
export interface MeasuredEffects {
  readonly answer: string;
  readonly answerTokens: readonly string[];
  readonly neurons: readonly Neuron[];
  readonly effects: readonly PromptEffect[];
}

/** @param silent prompts at which every neuron scores 0 */
export function effectsJson(
  { effects: prompts, ...rest }: MeasuredEffects,
  silent: readonly string[],
): string {
  return JSON.stringify({ ...rest, prompts, ...(silent.length > 0 && { silentPrompts: silent }) });
}

export interface Effects extends MeasuredEffects {
  /** Says what was done to "8 neurons". */
  readonly didTo: (neurons: string) => string;
  /** Undefined where the neurons were given. */
  readonly found: FactNeurons | undefined;
  readonly sharing: Sharing;
}

export function effectsText(shown: Effects): string[] {
  const { answer, answerTokens, neurons, effects, didTo, found, sharing } = shown;
  const list = neurons.map(([layer, index]) => `[${layer},${index}]`).join(' ');
  const bold = (text: string) => coloured('bold', text, process.stdout);
  const lines = [`${bold(didTo(counted(neurons.length, 'neuron')))}${list ? `: ${list}` : ''}`];
  const why = found && whyNoNeurons(found, sharing);
  if (why) lines.push(why);
  if (found) lines.push(...silentText(silentPrompts(found)));
  for (const effect of effects) lines.push('', bold(effect.prompt), ...effectTable(shown, effect));
  lines.push(...tokensNote(answer, answerTokens));
  return lines;
}

function effectTable({ answer, answerTokens }: MeasuredEffects, { before, after }: PromptEffect): string[] {
  const change = before.probability === 0 ? '' : signedPercent(after.probability / before.probability - 1);
  const top = ({ top }: Prediction, i: number) => `${top[i].token} ${percent(top[i].probability)}`;
  return table(
    ['', 'before', 'after', 'change'],
    [
      [`probability of "${answer}"`, percent(before.probability), percent(after.probability), change],
      [rankName(answerTokens), String(before.rank), String(after.rank), ''],
      ...before.top.map((_, i) => [i === 0 ? 'most probable' : '', top(before, i), top(after, i), '']),
    ],
  );
}
