/** What a comparison of several facts comes to, as people read it. */
import { table } from '../../src/report/table.js';
import { median } from '../../src/setup/product-rate.js';
import { type Differences, isTie, type StrayNeuron } from './differences.js';
import type { Findings, Question } from './findings.js';

/** One model's facts, as both found them. */
export interface Comparison {
  readonly model: string;
  readonly facts: readonly ComparedFact[];
}

export interface ComparedFact {
  readonly question: Question;
  readonly kn: Findings;
  readonly differences: Differences;
}

/** Both on the same prompts, one after the other. */
export interface Round {
  readonly replication: Timing;
  readonly kn: Timing;
}

export interface Timing {
  readonly secondsPerPrompt: number;
  /** That the machine gave, of those asked for: fewer where something else was at work. */
  readonly cores: number;
}

export function timing({ seconds, cpuSeconds, prompts }: Findings): Timing {
  return { secondsPerPrompt: seconds / prompts.length, cores: cpuSeconds / seconds };
}

/** A row a round, and what they come to: the median, and the fastest of each, which something else slowed least. */
export function speedTable(rounds: readonly Round[]): string {
  const seconds = (of: keyof Round) => rounds.map(round => round[of].secondsPerPrompt);
  const ratios = rounds.map(({ replication, kn }) => replication.secondsPerPrompt / kn.secondsPerPrompt);
  const summed = (name: string, of: (values: readonly number[]) => number, ratio: number) => [
    name,
    of(seconds('replication')).toFixed(2),
    '',
    of(seconds('kn')).toFixed(2),
    '',
    ratio.toFixed(2),
  ];
  const least = (values: readonly number[]) => Math.min(...values);
  const rows = rounds.map(({ replication, kn }, i) => [
    `round ${i + 1}`,
    ...[replication, kn].flatMap(({ secondsPerPrompt, cores }) => [
      secondsPerPrompt.toFixed(2),
      cores.toFixed(2),
    ]),
    ratios[i].toFixed(2),
  ]);
  rows.push(summed('median', median, median(ratios)));
  rows.push(summed('fastest', least, least(seconds('replication')) / least(seconds('kn'))));
  const head = ['seconds a prompt', 'replication', 'cores', 'kn', 'cores', 'replication / kn'];
  return table(head, rows, 'right').join('\n');
}

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
  const rows = comparisons.map(({ model, facts }) => {
    const prompts = facts.flatMap(({ differences }) => differences.prompts);
    const errors = prompts.map(({ scoreError }) => scoreError);
    const refined = facts.map(({ differences }) => differences.refined);
    const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
    return [
      model,
      String(facts.length),
      String(prompts.length),
      ...equalAndDifferent(prompts.map(({ coarse }) => coarse)),
      ...equalAndDifferent(refined),
      String(sum(facts.flatMap(({ kn }) => kn.prompts.map(prompt => prompt.coarse.length)))),
      String(sum(facts.map(({ kn }) => kn.neurons.length))),
      median(errors).toExponential(1),
      Math.max(...errors).toExponential(1),
    ];
  });
  return table(head, rows, 'right').join('\n');
}

function equalAndDifferent(lists: readonly (readonly unknown[])[]): string[] {
  const different = lists.filter(strays => strays.length > 0).length;
  return [lists.length - different, different].map(String);
}

/** A line for each neuron that one list has and the other has not. */
export function strayLines({ model, facts }: Comparison): string[] {
  return facts.flatMap(({ question, differences }) => [
    ...differences.prompts.flatMap(({ coarse, scoreError }, i) =>
      coarse.map(stray => {
        const { kn, replication } = stray.margins;
        return [
          `${model}: "${question.prompts[i]}": [${stray.neuron}] is coarse in ${nameOf(stray)} alone.`,
          `Its score is above the threshold by ${kn.toExponential(2)} of it in kn,`,
          `by ${replication.toExponential(2)} in the replication:`,
          isTie(stray) ? 'a tie, but for the rounding of float32.' : 'no tie.',
          `Scores of this prompt differ by up to ${scoreError.toExponential(1)}.`,
        ].join(' ');
      }),
    ),
    ...differences.refined.map(
      stray =>
        `${model}: "${question.prompts[0]}" ...: [${stray.neuron}] is refined in ${nameOf(stray)} alone.`,
    ),
  ]);
}

function nameOf({ onlyIn }: StrayNeuron): string {
  return onlyIn === 'kn' ? 'kn' : 'the replication';
}
