/** What `kn erase` and `kn edit` print. */
import type { AnswerStanding } from '../../intervention/distribution.js';
import type { ChangedPrompt, ChangeReport, ValuePrediction } from '../../library/change-report.js';
import type { Neuron } from '../../neurons/neuron.js';
import { counted, percent, signedPercent } from '../../numbers.js';
import { coloured } from '../../report/colour.js';
import { table } from '../../report/table.js';
import { rankName, tokensNote } from './answer-tokens.js';
import { silentText } from './silent-text.js';

const HEAD = ['', 'before', 'after', 'change'];

/** @param whyNone why no neurons were found, where none were */
export function changeText(report: ChangeReport, whyNone: string | undefined): string[] {
  const bold = (text: string) => coloured('bold', text, process.stdout);
  const lines = [`${bold(headline(report))}${listed(report.neurons)}`];
  if (whyNone) lines.push(whyNone);
  lines.push(...silentText(report.silentPrompts ?? []));
  for (const prompt of report.prompts) lines.push('', bold(prompt.prompt), ...promptTable(report, prompt));
  if (report.otherPrompts.length > 0) lines.push('', bold('In other words'));
  for (const prompt of report.otherPrompts) lines.push('', prompt.prompt, ...promptTable(report, prompt));
  lines.push(...tokensNote(report.answer, report.answerTokens));
  if (report.target !== undefined) lines.push(...tokensNote(report.target, report.targetTokens ?? []));
  if (report.unrelated) {
    const { facts, prompts, data } = report.unrelated;
    lines.push('', bold(`${counted(facts, 'unrelated fact')} of ${data}, ${counted(prompts, 'prompt')}`));
    lines.push(...sideEffectTable(report.unrelated));
  }
  if (report.saved)
    lines.push('', `The changed model is in ${report.saved.folder}.`, ...rounding(report.saved.types));
  return lines;
}

function headline({ neurons, erased, edited, target }: ChangeReport): string {
  const values = `the value${neurons.length === 1 ? '' : 's'} of ${counted(neurons.length, 'neuron')}`;
  if (edited) return `Edited ${values} from "${edited.original}" to "${target}"`;
  return `Erased ${values} with ${erased === 'unk' ? 'the unknown token' : 'zeros'}`;
}

function listed(neurons: readonly Neuron[]): string {
  return neurons.length === 0 ? '' : `: ${neurons.map(([layer, index]) => `[${layer},${index}]`).join(' ')}`;
}

function promptTable(
  { answer, answerTokens, target, targetTokens = [] }: ChangeReport,
  { before, after }: ChangedPrompt,
): string[] {
  const top = ({ top }: ValuePrediction, i: number) =>
    top[i] === undefined ? '' : `${top[i].token} ${percent(top[i].probability)}`;
  return table(HEAD, [
    ...standingRows(answer, answerTokens, before, after),
    ...(target !== undefined && before.target && after.target
      ? standingRows(target, targetTokens, before.target, after.target)
      : []),
    ...before.top.map((_, i) => [i === 0 ? 'most probable' : '', top(before, i), top(after, i), '']),
  ]);
}

function standingRows(
  answer: string,
  tokens: readonly string[],
  before: AnswerStanding,
  after: AnswerStanding,
): string[][] {
  const change = before.probability === 0 ? '' : signedPercent(after.probability / before.probability - 1);
  return [
    [`probability of "${answer}"`, percent(before.probability), percent(after.probability), change],
    [rankName(tokens), String(before.rank), String(after.rank), ''],
  ];
}

function sideEffectTable(effects: NonNullable<ChangeReport['unrelated']>): string[] {
  const { change, stillAnswered, answeredBefore, answeredAfter } = effects;
  const { logPerplexityBefore, logPerplexityAfter } = effects;
  const shift = logPerplexityAfter - logPerplexityBefore;
  return table(HEAD, [
    ['mean of the correct probability', '', '', change === null ? '' : signedPercent(change)],
    ['prompts answered', percent(answeredBefore), percent(answeredAfter), ''],
    ['of those answered before', '', stillAnswered === null ? '' : percent(stillAnswered), ''],
    [
      'log-perplexity',
      logPerplexityBefore.toFixed(3),
      logPerplexityAfter.toFixed(3),
      `${shift > 0 ? '+' : ''}${shift.toFixed(3)}`,
    ],
  ]);
}

function rounding(types: readonly string[]): string[] {
  const rounded = types.filter(type => type !== 'F32' && type !== 'F64');
  if (rounded.length === 0) return [];
  return [`Its weights are ${rounded.join(' and ')}, as before: the new values are rounded to that.`];
}
