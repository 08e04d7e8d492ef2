/** Both timed: on a trained model, and at bert-base-uncased's shape with random weights. */
import type { Progress } from '../../src/progress.js';
import type { Question } from './findings.js';
import type { Options } from './options.js';
import { questionOfBench, withRandomModel } from './random-model.js';
import { CappedLines, type Comparison, MOST_LINES, strayLines } from './report.js';
import { type Round, timeRounds } from './rounds.js';
import { addTallies, tallyOf } from './tally.js';
import { type Pair, questionsFor, withBoth } from './trained-model.js';

export interface Speed {
  readonly rounds: readonly Round[];
  /** Of what the first, untimed round found: with random weights too the neurons should be equal. */
  readonly comparison: Comparison;
}

export function timeTrained(options: Options, progress: Progress): Promise<Speed> {
  const { replication, trained, timedFacts } = options;
  return withBoth(replication, trained.folder, async pair => {
    const questions = await questionsFor(trained, pair, timedFacts);
    return time(`${trained.name}, timed`, pair, questions, options, progress);
  });
}

export function timeRandom(options: Options, progress: Progress): Promise<Speed> {
  const { replication, vocabulary, prompts } = options;
  return withRandomModel(vocabulary, folder =>
    withBoth(replication, folder, pair => {
      const question = questionOfBench(vocabulary, pair.loaded, prompts);
      return time("bert-base's shape, random", pair, [question], options, progress);
    }),
  );
}

async function time(
  model: string,
  pair: Pair,
  questions: readonly Question[],
  { repetitions }: Options,
  progress: Progress,
): Promise<Speed> {
  const prompts = questions.reduce((total, { prompts }) => total + prompts.length, 0);
  progress.notice(`Timing both: ${model}, facts: ${questions.length}, prompts: ${prompts} ...`);
  const { rounds, facts } = await timeRounds(pair, questions, repetitions, ({ replication, kn }) =>
    progress.notice(
      `  ${replication.secondsPerPrompt.toPrecision(3)} s a prompt, kn ${kn.secondsPerPrompt.toPrecision(3)}`,
    ),
  );
  const strays = new CappedLines(MOST_LINES, progress.notice);
  for (const fact of facts) strays.add(strayLines(model, fact));
  strays.end();
  return { rounds, comparison: { model, tally: addTallies(facts.map(tallyOf)) } };
}
