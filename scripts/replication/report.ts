/** What a comparison comes to, as people read it. */
import { table } from '../../src/report/table.js';
import { median } from '../../src/setup/product-rate.js';
import { causeOf, type StrayCoarseNeuron, type StrayNeuron } from './differences.js';
import type { Round } from './rounds.js';
import { type ComparedFact, straysOf, type Tally } from './tally.js';

/** One model's facts, as both found them. */
export interface Comparison {
  readonly model: string;
  readonly tally: Tally;
}

/** Strays that are printed, of each model. */
export const MOST_LINES = 50;

/** A row a round, and what they come to: the median, and the fastest of each, which something else slowed least. */
export function speedTable(model: string, rounds: readonly Round[]): string {
  const seconds = (of: keyof Round) => rounds.map(round => round[of].secondsPerPrompt);
  const ratios = rounds.map(({ replication, kn }) => replication.secondsPerPrompt / kn.secondsPerPrompt);
  const summed = (name: string, of: (values: readonly number[]) => number, ratio: number) => [
    name,
    of(seconds('replication')).toPrecision(3),
    '',
    of(seconds('kn')).toPrecision(3),
    '',
    ratio.toFixed(2),
  ];
  const least = (values: readonly number[]) => Math.min(...values);
  const rows = rounds.map(({ replication, kn }, i) => [
    `round ${i + 1}`,
    ...[replication, kn].flatMap(({ secondsPerPrompt, cores }) => [
      secondsPerPrompt.toPrecision(3),
      cores.toFixed(2),
    ]),
    ratios[i].toFixed(2),
  ]);
  rows.push(summed('median', median, median(ratios)));
  rows.push(summed('fastest', least, least(seconds('replication')) / least(seconds('kn'))));
  const head = ['seconds a prompt', 'replication', 'cores', 'kn', 'cores', 'replication / kn'];
  return [`${model}:`, '', ...table(head, rows, 'right')].join('\n');
}

/** The lists that are equal and those that differ, how many neurons are in them, and how far scores are apart. */
export function listsTable(comparisons: readonly Comparison[]): string {
  const head = [
    'model',
    'facts',
    'prompts',
    'coarse lists equal',
    'different',
    'refined lists equal',
    'different',
    'coarse neurons',
    'refined',
    'scores differ by',
    'at most',
  ];
  const rows = comparisons.map(({ model, tally }) => [
    model,
    ...[
      tally.facts,
      tally.prompts,
      tally.prompts - tally.promptsThatDiffer,
      tally.promptsThatDiffer,
      tally.facts - tally.factsThatDiffer,
      tally.factsThatDiffer,
      tally.coarseNeurons,
      tally.refinedNeurons,
    ].map(String),
    median(tally.scoreErrors).toExponential(1),
    tally.scoreErrors.reduce((most, error) => Math.max(most, error), 0).toExponential(1),
  ]);
  return table(head, rows, 'right').join('\n');
}

/** Why neurons are in a list of one alone: a line for each model that has such. */
export function strayTotals(comparisons: readonly Comparison[]): string[] {
  return comparisons
    .filter(({ tally }) => straysOf(tally) > 0)
    .map(({ model, tally: { coarseStrays, refinedStrays } }) => {
      const { tie, scores, other } = coarseStrays;
      const { ofCoarse, other: otherwise } = refinedStrays;
      return [
        `${model}: coarse in one alone: ${tie + scores + other} neurons, by a tie ${tie},`,
        `by the difference of the two scores ${scores}, by something else ${other};`,
        `refined in one alone: ${ofCoarse + otherwise}, since they are coarse in one alone ${ofCoarse}, by something else ${otherwise}.`,
      ].join(' ');
    });
}

/** Prints lines up to a number of them, and counts the others. */
export class CappedLines {
  private lines = 0;

  constructor(
    private readonly most: number,
    private readonly print: (line: string) => void,
  ) {}

  add(lines: Iterable<string>): void {
    for (const line of lines) if (++this.lines <= this.most) this.print(line);
  }

  /** Says how many were left out, if any. */
  end(): void {
    if (this.lines > this.most) this.print(`... and ${this.lines - this.most} more`);
  }
}

/** A line for each neuron that one list of a fact has and the other has not. */
export function* strayLines(model: string, { question, differences }: ComparedFact): Generator<string> {
  for (const [i, { coarse, scoreError }] of differences.prompts.entries()) {
    for (const stray of coarse) {
      const { kn, replication } = stray.margins;
      yield [
        `${model}: "${question.prompts[i]}": [${stray.neuron}] is coarse in ${nameOf(stray)} alone.`,
        `Its score is above the threshold by ${kn.toExponential(2)} of it in kn,`,
        `by ${replication.toExponential(2)} in the replication: ${verdictOn(stray)}.`,
        `Scores of this prompt differ by up to ${scoreError.toExponential(1)}.`,
      ].join(' ');
    }
  }
  for (const stray of differences.refined)
    yield `${model}: "${question.prompts[0]}" ...: [${stray.neuron}] is refined in ${nameOf(stray)} alone.`;
}

function verdictOn(stray: StrayCoarseNeuron): string {
  const cause = causeOf(stray);
  switch (cause) {
    case 'tie':
      return 'a tie, but for the rounding of float32';
    case 'scores':
      return 'no tie, and the difference of the two scores';
    case 'other':
      return 'no tie, and not by the scores: something else differs';
    default:
      return cause satisfies never;
  }
}

function nameOf({ onlyIn }: StrayNeuron): string {
  return onlyIn === 'kn' ? 'kn' : 'the replication';
}
