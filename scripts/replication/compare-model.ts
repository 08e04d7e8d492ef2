/** Both find the neurons of many facts of a model: progress and what differs are told on the way, since it can take hours. */
import { duration } from '../../src/experiment/run/work-progress.js';
import type { Progress } from '../../src/progress.js';
import { compareLists, type Done } from './lists.js';
import type { ReplicationSettings } from './replication.js';
import { CappedLines, type Comparison, MOST_LINES, strayLines } from './report.js';
import { addTallies, type Tally, tallyOf } from './tally.js';
import { questionsFor, type TrainedModel, withBoth } from './trained-model.js';

/** After so many facts it is said how long all take: the first is slower, and one says little. */
const FACTS_TO_ESTIMATE = 3;

/** @param count of facts; all where there are not so many */
export function compareModel(
  settings: ReplicationSettings,
  model: TrainedModel,
  count: number,
  progress: Progress,
): Promise<Comparison> {
  return withBoth(settings, model.folder, async pair => {
    const questions = await questionsFor(model, pair, count);
    const prompts = questions.reduce((total, { prompts }) => total + prompts.length, 0);
    const all = questions.length < count ? 'all of ' : '';
    progress.notice(`Comparing ${all}${questions.length} facts of ${model.name}, ${prompts} prompts ...`);
    const tallies: Tally[] = [];
    const strays = new CappedLines(MOST_LINES, progress.notice);
    for await (const { compared, done } of compareLists(pair, questions)) {
      tallies.push(tallyOf(compared));
      strays.add(strayLines(model.name, compared));
      const left = secondsLeft(done, prompts);
      const text = left === undefined ? '' : `${duration(left)} left`;
      if (done.facts === FACTS_TO_ESTIMATE) progress.notice(`  ${text}, by the first ${done.facts} facts`);
      progress.show(model.name, { done: done.facts, total: questions.length, text });
    }
    progress.stop();
    strays.end();
    return { model: model.name, tally: addTallies(tallies) };
  });
}

function secondsLeft({ prompts, secondsPerPrompt }: Done, all: number): number | undefined {
  return secondsPerPrompt === undefined ? undefined : secondsPerPrompt * (all - prompts);
}
