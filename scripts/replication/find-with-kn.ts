import type { LoadedModel } from '../../src/model/load.js';
import { answerIds } from '../../src/model/tokenizer/tokenizer.js';
import { findNeurons } from '../../src/neurons/find.js';
import { type Findings, METHOD, type Question } from './findings.js';

/** The neurons of one fact as the library finds them, on the engine that runs. */
export async function findWithKn(
  { model, tokenizer }: LoadedModel,
  { prompts, answer }: Question,
): Promise<Findings> {
  const { rule, steps, threshold, share } = METHOD;
  const [start, cpuStart] = [performance.now(), process.cpuUsage()];
  const ids = answerIds(tokenizer, answer);
  const queries = prompts.map(prompt => tokenizer.ask(prompt, ids, model.maxTokens));
  const found = await findNeurons(model, queries, {
    rule,
    steps,
    threshold: { kind: 'adaptive', value: threshold },
    share,
  });
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpuStart); // microseconds
  return {
    seconds,
    cpuSeconds: (user + system) / 1e6,
    neurons: found.neurons,
    prompts: found.prompts.map((prompt, i) => ({ ...prompt, tokens: queries[i][0].tokens })),
  };
}
