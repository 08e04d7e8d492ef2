/**
 * Integrated gradients over feed-forward activations (Dai et al., 2021, eq. 3, after Sundararajan et al., 2017).
 *
 * With a_l the activations of layer l at the prediction's position and P(x) the answer's probability when they
 * are replaced by x:
 *
 *     Attr(l) = a_l * sum_k w_k dP/dx (alpha_k a_l)
 */
import type { LanguageModel, PromptBatch } from '../model/language-model.js';
import { checkFinite } from '../model/read-finite.js';
import { takeGradients } from './path-gradients.js';
import { quadrature, type Rule } from './rules.js';
import type { OnScored, OnTraced, Scores, ScoringOptions } from './scores.js';

export interface IntegratedGradientsOptions extends ScoringOptions {
  readonly rule: Rule;
  readonly steps: number;
}

/**
 * Scores of every neuron for each prompt of a batch, each a sum in the rule's own order, in doubles, rounded once.
 * @param answers the answer's token id for each prompt
 */
export async function integratedGradients(
  model: LanguageModel,
  batch: PromptBatch,
  answers: readonly number[],
  { rule, steps, ...options }: IntegratedGradientsOptions,
  onScored: OnScored = () => undefined,
  onTraced?: OnTraced,
): Promise<Scores[]> {
  const { alphas, weights } = quadrature(rule, steps);
  // Where a rule has a step at alpha = 1, it is the last.
  const inner = alphas.filter(alpha => alpha !== 1);
  const hasWhole = inner.length < alphas.length;
  const layers = Array.from({ length: model.layers }, (_, layer) => layer);
  const points = batch.tokens.flatMap((_, prompt) =>
    layers.flatMap(layer => inner.map((alpha, step) => ({ layer, prompt, alpha, step }))),
  );
  const sums = batch.tokens.map(() => layers.map(() => new Float64Array(model.intermediateSize)));
  const addTo = (sum: Float64Array, gradient: Float32Array, weight: number) =>
    gradient.forEach((g, n) => {
      sum[n] += weight * g;
    });
  const atEnd: (readonly Float32Array[])[] = [];
  let done = 0;
  const layersDone = () => Math.floor(done / inner.length);
  await takeGradients(
    model,
    batch,
    answers,
    { points, whole: hasWhole },
    options,
    {
      point: (index, { gradient }) => {
        const { prompt, layer, step } = points[index];
        addTo(sums[prompt][layer], gradient, weights[step]);
      },
      whole: (prompt, { gradients }) => {
        atEnd[prompt] = gradients;
        if (inner.length === 0) onScored(model.layers);
      },
      done: count => {
        const before = layersDone();
        done += count;
        if (layersDone() > before) onScored(layersDone() - before);
      },
    },
    onTraced,
  );
  return sums.map((ofLayers, prompt) =>
    ofLayers.map((sum, layer) => {
      if (hasWhole) addTo(sum, atEnd[prompt][layer], weights[weights.length - 1]);
      const scores = Float32Array.from(sum);
      checkFinite(scores, 'a score');
      return scores;
    }),
  );
}
