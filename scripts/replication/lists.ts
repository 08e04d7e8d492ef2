import { differences } from './differences.js';
import { findWithScores } from './find-with-kn.js';
import type { Question } from './findings.js';
import type { ComparedFact } from './tally.js';
import type { Pair } from './trained-model.js';

/** How far a comparison is. */
export interface Done {
  readonly facts: number;
  readonly prompts: number;
  /** By both together, of the facts after the first, which packs weights and fills caches; undefined before there are any. */
  readonly secondsPerPrompt: number | undefined;
}

/** Both find the neurons of facts, one after the other: nothing of a fact is kept once the caller has seen it. */
export async function* compareLists(
  { loaded, replication }: Pair,
  questions: readonly Question[],
): AsyncGenerator<{ readonly compared: ComparedFact; readonly done: Done }> {
  let [facts, prompts, warm, seconds] = [0, 0, 0, 0];
  for (const question of questions) {
    const start = performance.now();
    const kn = await findWithScores(loaded, question);
    const compared = {
      question,
      kn,
      differences: differences(question, kn, await replication.find(question)),
    };
    if (facts > 0) {
      warm += question.prompts.length;
      seconds += (performance.now() - start) / 1000;
    }
    facts++;
    prompts += question.prompts.length;
    yield { compared, done: { facts, prompts, secondsPerPrompt: warm > 0 ? seconds / warm : undefined } };
  }
}
