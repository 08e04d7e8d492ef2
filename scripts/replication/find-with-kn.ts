import { gather, passesOn } from '../../src/experiment/run/gathered-passes.js';
import { usualBatchBytes } from '../../src/model/batch-size.js';
import type { LoadedModel } from '../../src/model/load.js';
import { answerIds } from '../../src/model/tokenizer/tokenizer.js';
import { findNeuronsBy } from '../../src/neurons/find.js';
import { type Findings, METHOD, type Question } from './findings.js';

/** As many facts as go through a small model together in a run (src/experiment/run/facts-together.ts). */
const TOGETHER = 16;

/**
 * The neurons of facts as a run finds them, on the engine that runs.
 * @param keepScores whether scores are to be compared too, which takes more passes
 * @returns of each fact, its time by its prompts
 */
export async function findWithKn(
  { model, tokenizer }: LoadedModel,
  questions: readonly Question[],
  { keepScores = false } = {},
): Promise<Findings[]> {
  const { rule, steps, threshold, share } = METHOD;
  const options = {
    rule,
    steps,
    share,
    keepScores,
    threshold: { kind: 'adaptive', value: threshold },
  } as const;
  const passes = passesOn(model, usualBatchBytes());
  const found: Findings[] = [];
  for (let first = 0; first < questions.length; first += TOGETHER) {
    const [start, cpuStart] = [performance.now(), process.cpuUsage()];
    const some = questions.slice(first, first + TOGETHER);
    const queries = some.map(({ prompts, answer }) => {
      const ids = answerIds(tokenizer, answer);
      return prompts.map(prompt => tokenizer.ask(prompt, ids, model.maxTokens));
    });
    const facts = await gather(
      passes,
      queries.map(
        ofFact =>
          ({ score }) =>
            findNeuronsBy(score, ofFact, options),
      ),
    );
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(cpuStart); // microseconds
    const all = queries.flat().length;
    facts.forEach(({ neurons, prompts }, i) => {
      const part = prompts.length / all;
      found.push({
        seconds: part * seconds,
        cpuSeconds: (part * (user + system)) / 1e6,
        neurons,
        prompts: prompts.map((prompt, n) => ({ ...prompt, tokens: queries[i][n][0].tokens })),
      });
    });
  }
  return found;
}

/** The same of one fact, with scores that can be compared: its lists are those that are found without. */
export async function findWithScores(loaded: LoadedModel, question: Question): Promise<Findings> {
  const [found] = await findWithKn(loaded, [question]);
  const [kept] = await findWithKn(loaded, [question], { keepScores: true });
  return {
    ...found,
    prompts: found.prompts.map((prompt, i) => ({ ...prompt, scores: kept.prompts[i].scores })),
  };
}
