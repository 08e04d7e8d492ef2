/**
 * The activation itself, at the site: the baseline of Dai et al., 2021, which never looks at the answer.
 */
import * as tf from '@tensorflow/tfjs-core';
import { promptsThatFit } from '../model/batch-size.js';
import type { LanguageModel, PromptBatch } from '../model/language-model.js';
import { splitBatch, tokensOf } from '../model/prompt-batches.js';
import { type OnScored, type OnTraced, readScores, type Scores, type ScoringOptions } from './scores.js';

/** Scores of every neuron for each prompt of a batch, from the traced pass alone. */
export async function activationScores(
  model: LanguageModel,
  batch: PromptBatch,
  { site, batchBytes, samplesAtOnce }: ScoringOptions,
  onScored: OnScored = () => undefined,
  onTraced?: OnTraced,
): Promise<Scores[]> {
  const promptsAtOnce = samplesAtOnce ?? promptsThatFit(model, tokensOf(batch), batchBytes);
  const scores: Scores[] = [];
  for (const part of splitBatch(batch, promptsAtOnce)) {
    const trace = model.trace(part, site);
    try {
      await onTraced?.(trace, scores.length);
      const layers: Float32Array[][] = [];
      for (const activations of trace.activations) layers.push(await readScores(tf.clone(activations)));
      for (let prompt = 0; prompt < trace.prompts; prompt++) scores.push(layers.map(layer => layer[prompt]));
      onScored(trace.prompts * model.layers);
    } finally {
      trace.dispose();
    }
  }
  return scores;
}
