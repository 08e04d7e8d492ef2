/**
 * Integrated gradients over feed-forward activations (Dai et al., 2021, eq. 3, after Sundararajan et al., 2017).
 *
 * With a_l the activations of layer l at the prediction's position and P(x) the answer's probability when they
 * are replaced by x:
 *
 *     Attr(l) = a_l * sum_k w_k dP/dx (alpha_k a_l)
 *
 * The interpolated path has that sum from a few points, and goes on to more, layer by layer, for as long as what is asked is
 * undecided; at the end of the way is the sum itself (docs/quadrature.md). The exact path begins there.
 */
import { usualBatchBytes } from '../model/batch-size.js';
import { KeptTraces, SHARE_OF_KEPT_TRACES } from '../model/kept-traces.js';
import type { LanguageModel } from '../model/language-model.js';
import { promptBatches } from '../model/prompt-batches.js';
import { checkFinite } from '../model/read-finite.js';
import type { Query } from '../model/tokenizer/tokenizer.js';
import { levelWeights } from './layer-estimate.js';
import { LayersScored } from './layers-scored.js';
import { levelsFor } from './levels.js';
import type { Path } from './methods.js';
import { takeGradients } from './path-gradients.js';
import { type AskedPoint, type Climb, PathsOfPrompt, type Stage } from './paths-of-prompt.js';
import { type Quadrature, quadrature, type Rule } from './rules.js';
import type { OnQueriesTraced, OnScored, ScoredPrompt, ScoringOptions } from './scores.js';
import type { Undecided } from './undecided.js';

export interface IntegratedGradientsOptions extends ScoringOptions {
  readonly rule: Rule;
  readonly steps: number;
  /** Default: `interpolated`. */
  readonly path?: Path;
}

/**
 * Scores of every neuron for each prompt, which is asked for every token of its answer: means over these.
 * @param undecided what of the estimates is not known well enough yet
 */
export async function integratedGradients(
  model: LanguageModel,
  prompts: readonly (readonly Query[])[],
  { rule, steps, path = 'interpolated', ...options }: IntegratedGradientsOptions,
  undecided: Undecided,
  onScored?: OnScored,
  onTraced?: OnQueriesTraced,
): Promise<ScoredPrompt[]> {
  const climb = climbOf(quadrature(rule, steps), path);
  const begin = Array.from({ length: model.layers }, (_, layer) => firstStage(model, layer, climb));
  const scored: ScoredPrompt[] = [];
  // A second round starts from the traces of the first.
  const traces = new KeptTraces(model, climb.stages.length > 1 ? keptBytes(options) : 0);
  const keeping = traces.keeping();
  try {
    for (const some of promptsTogether(model, prompts)) {
      const paths = some.map(queries => new PathsOfPrompt(queries, climb, begin, model.intermediateSize));
      const progress = new LayersScored(some.flat().length * model.layers, onScored);
      let open = paths;
      for (let round = 0; open.length > 0; round++) {
        const share = climb.stages.length > 1 && round === 0 ? FIRST_ROUND : 1;
        await takePoints(keeping, paths, options, progress.round(share), round === 0, climb, onTraced);
        open = open.filter(prompt => {
          const further = undecided(prompt.estimate());
          for (const [layer, how] of further) prompt.raise(layer, how);
          return further.size > 0;
        });
      }
      progress.end();
      scored.push(...paths.map(prompt => checked(prompt.scored())));
    }
  } finally {
    traces.dispose();
  }
  return scored;
}

function keptBytes({ batchBytes = usualBatchBytes() }: ScoringOptions): number {
  return SHARE_OF_KEPT_TRACES * batchBytes;
}

function climbOf(rule: Quadrature, path: Path): Climb {
  const levels = path === 'exact' ? [] : levelsFor(rule);
  return { rule, weights: levelWeights(rule), stages: [...levels, 'rule'] };
}

/**
 * Three nodes decide for the early layers, whose passes are dear, and whose scores are mostly far below the threshold: the last quarter
 * begins with five. So do those of a causal model, whose passes are a row each, while another round reads all weights again; but its
 * first layer, which adds to little else, so that normalisation bends its path, begins with all seventeen.
 */
function firstStage({ layers, causal }: LanguageModel, layer: number, { stages }: Climb): Stage {
  const isEarly = layer < layers - Math.ceil(layers / 4);
  const first = causal ? (layer === 0 ? 3 : 1) : isEarly ? 0 : 1;
  return stages[Math.max(0, Math.min(first, stages.length - 2))];
}

/** What the points of the prompts on their way together may take, in bytes. */
const KNOWN_BYTES = 2 ** 29;

/** Prompts whose points are kept at once. Which those are depends on the model's shape and the prompts before them alone. */
function* promptsTogether(
  { layers, intermediateSize }: LanguageModel,
  prompts: readonly (readonly Query[])[],
): Generator<readonly (readonly Query[])[]> {
  const most = Math.max(1, Math.floor(KNOWN_BYTES / (5 * 4 * layers * intermediateSize)));
  for (let first = 0, end = 0; first < prompts.length; first = end) {
    for (let queries = 0; end < prompts.length; end++) {
      queries += prompts[end].length;
      if (queries > most && end > first) break;
    }
    yield prompts.slice(first, end);
  }
}

/**
 * Gives every open prompt the points that it asks for: queries in the same batches in each round, so that a
 * model that keeps its traces traces once (model/kept-traces.ts).
 */
async function takePoints(
  model: LanguageModel,
  prompts: readonly PathsOfPrompt[],
  options: ScoringOptions,
  onPoints: (asked: number) => (done: number) => void,
  isFirst: boolean,
  { rule, stages }: Climb,
  onTraced: OnQueriesTraced | undefined,
): Promise<void> {
  const asking = prompts.flatMap(prompt => {
    const points = prompt.asked();
    return prompt.queries.map((query, index) => ({ ...query, query, prompt, index, points: points[index] }));
  });
  const done = onPoints(asking.reduce((sum, { points }) => sum + points.length, 0));
  const whole = isFirst && (stages.length > 1 || rule.alphas.includes(1));
  for (const { batch, indices } of promptBatches(model, asking)) {
    const queries = indices.map(index => asking[index]);
    const points: (AskedPoint & { readonly prompt: number })[] = queries.flatMap(({ points }, prompt) =>
      points.map(point => ({ ...point, prompt })),
    );
    if (points.length === 0 && !isFirst) continue;
    const tracedFrom = (first: number, count: number) =>
      queries.slice(first, first + count).map(({ query }) => query);
    await takeGradients(
      model,
      batch,
      queries.map(({ answer }) => answer),
      { points, whole },
      options,
      {
        point: (index, gradient) => points[index].take(gradient),
        whole: (index, gradient) => queries[index].prompt.takeWhole(queries[index].index, gradient),
        done,
      },
      isFirst && onTraced ? (trace, first) => onTraced(trace, tracedFrom(first, trace.prompts)) : undefined,
    );
  }
}

function checked(prompt: ScoredPrompt): ScoredPrompt {
  for (const layer of prompt.scores) checkFinite(layer, 'a score');
  return prompt;
}

/** Of the whole work, where there may be more rounds. */
const FIRST_ROUND = 0.75;
