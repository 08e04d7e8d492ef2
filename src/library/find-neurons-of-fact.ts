import { convergenceDeltas } from '../attribution/convergence.js';
import type { AskedMethod } from '../attribution/methods.js';
import type { Scores } from '../attribution/scores.js';
import type { Query } from '../model/tokenizer/tokenizer.js';
import type { CoarseThreshold } from '../neurons/coarse.js';
import { findNeurons } from '../neurons/find.js';
import type { AskedModel } from './asked-model.js';
import type { FactNeurons, FindingOptions } from './options.js';

export const DEFAULT_METHOD: AskedMethod = { rule: 'riemann_endpoints', steps: 20 };
const DEFAULT_THRESHOLD: CoarseThreshold = { kind: 'adaptive', value: 0.3 };

/** The neurons of a fact that is asked by prompts, those of each prompt, and what is coarse in prompts with another answer. */
export async function findNeuronsOfFact(
  asking: AskedModel,
  prompts: readonly string[],
  answer: string,
  options: FindingOptions,
): Promise<FactNeurons> {
  const {
    method = DEFAULT_METHOD,
    threshold = DEFAULT_THRESHOLD,
    share = 0.5,
    inclusive = false,
    leastPrompts = 1,
    negativePrompts = [],
    convergence = false,
  } = options;
  const { model, site, progress } = asking;
  const queriesOf = async (texts: readonly string[]) =>
    (await asking.ask(texts, answer)).map(({ queries }) => queries);
  const queries = await queriesOf(prompts);
  const negatives = await queriesOf(negativePrompts);
  const total = model.layers * [...queries, ...negatives].flat().length;
  const finding = {
    ...method,
    threshold,
    share,
    inclusive,
    leastPrompts,
    negatives,
    site,
  };
  const found = await asking.inBatches(batches => {
    let done = 0;
    return findNeurons(model, queries, { ...finding, ...batches }, scored => {
      done += scored;
      progress.show('attribution', { done, total, text: 'layers of prompts' });
    });
  });
  progress.stop();
  const deltas = convergence
    ? await convergenceOf(
        asking,
        queries,
        found.prompts.map(({ scores }) => scores),
      )
    : undefined;
  return {
    neurons: found.neurons,
    removed: found.removed,
    prompts: found.prompts.map((of, i) => ({
      prompt: prompts[i],
      ...of,
      ...(deltas && { convergenceDelta: deltas[i] }),
    })),
    negativePrompts: found.negatives.map((of, i) => ({ prompt: negativePrompts[i], ...of })),
  };
}

/** The prompts at which every neuron scores 0, negative ones among them. */
export function silentPrompts({ prompts, negativePrompts }: FactNeurons): string[] {
  return [...prompts, ...negativePrompts].flatMap(({ prompt, silent }) => (silent ? [prompt] : []));
}

async function convergenceOf(
  { model, site }: AskedModel,
  queries: readonly (readonly Query[])[],
  scores: readonly Scores[],
): Promise<number[][]> {
  const deltas: number[][] = [];
  for (const [i, ofPrompt] of queries.entries())
    deltas.push(await convergenceDeltas(model, ofPrompt, scores[i], site));
  return deltas;
}
