import { convergenceDeltas } from '../attribution/convergence.js';
import type { AskedMethod } from '../attribution/methods.js';
import type { Scores } from '../attribution/scores.js';
import { type AnswerStanding, standingOf, standingOfTokens } from '../intervention/distribution.js';
import { distributions } from '../intervention/read-distributions.js';
import type { LanguageModel, Trace } from '../model/language-model.js';
import type { Query } from '../model/tokenizer/tokenizer.js';
import type { CoarseThreshold } from '../neurons/coarse.js';
import { findNeurons } from '../neurons/find.js';
import type { AskedModel } from './asked-model.js';
import type { FactNeurons, FindingOptions } from './options.js';

export const DEFAULT_METHOD: AskedMethod = { rule: 'riemann_endpoints', steps: 20 };
export const DEFAULT_SHARE = 0.5;
const DEFAULT_THRESHOLD: CoarseThreshold = { kind: 'adaptive', value: 0.3 };

/**
 * The neurons of a fact that is asked by prompts, those of each prompt and how its answer stands there, and what is coarse in
 * prompts with another answer.
 */
export async function findNeuronsOfFact(
  asking: AskedModel,
  prompts: readonly string[],
  answer: string,
  options: FindingOptions,
): Promise<FactNeurons> {
  const {
    method = DEFAULT_METHOD,
    threshold = DEFAULT_THRESHOLD,
    share = DEFAULT_SHARE,
    inclusive = false,
    leastPrompts = 1,
    negativePrompts = [],
    convergence = false,
    keepScores = true,
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
    keepScores: keepScores || convergence,
  };
  const standings = new Map<Query, AnswerStanding>();
  const isOwn = new Set(queries.flat());
  const found = await asking.inBatches(batches => {
    let done = 0;
    const onScored = (scored: number) => {
      done += scored;
      progress.show('attribution', { done, total, text: 'layers of prompts' });
    };
    const onTraced = async (trace: Trace, traced: readonly Query[]) => {
      if (traced.some(query => isOwn.has(query))) await noteStandings(model, trace, traced, standings);
    };
    return findNeurons(model, queries, { ...finding, ...batches }, onScored, onTraced);
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
    answerTokens: asking.tokens(answer, prompts[0]),
    neurons: found.neurons,
    removed: found.removed,
    prompts: found.prompts.map((of, i) => ({
      prompt: prompts[i],
      ...standingOfTokens(queries[i].map(query => known(standings.get(query)))),
      ...of,
      ...(deltas && { convergenceDelta: deltas[i] }),
    })),
    negativePrompts: found.negatives.map((of, i) => ({ prompt: negativePrompts[i], ...of })),
  };
}

/** How the answers stand in the model as it is: all that it takes beside a trace is the vocabulary matrix. */
async function noteStandings(
  model: LanguageModel,
  trace: Trace,
  queries: readonly Query[],
  standings: Map<Query, AnswerStanding>,
): Promise<void> {
  const found = await distributions(model, () => trace.prediction);
  found.forEach((distribution, i) => {
    standings.set(queries[i], standingOf(queries[i].answer, distribution));
  });
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a query that was not scored');
  return value;
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
