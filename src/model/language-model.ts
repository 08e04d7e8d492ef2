import * as tf from '@tensorflow/tfjs-core';

/** Prompts of one token length, that go through a model together. */
export interface PromptBatch {
  /** [prompts][tokens] token ids, special tokens included. */
  readonly tokens: readonly (readonly number[])[];
  /** For each prompt the position that the answer is predicted at. */
  readonly positions: readonly number[];
}

/**
 * What a forward pass of B prompts of T tokens keeps for later passes to start from. Whoever asked for the
 * trace disposes of it with {@link disposeTrace}.
 */
export type Trace = {
  readonly prompts: number;
  readonly tokens: number;
  readonly layers: LayerTrace[];
  /** The last hidden row at the position, ready for the vocabulary matrix, [B, hidden]. */
  readonly prediction: tf.Tensor2D;
};

export type LayerTrace = {
  /** Inputs of the layer's attention for every token but the one at the position. */
  readonly rest: AttentionInputs;
  /** The input of the feed-forward network at the position, [B, hidden]. */
  readonly attended: tf.Tensor2D;
  /** The feed-forward activations at the position, after the non-linearity, [B, intermediateSize]. */
  readonly activations: tf.Tensor2D;
};

/**
 * What one layer's attention starts from. `residual` and `query` have the rows that the layer must compute,
 * `key` and `value` those of every token; all [rows, hidden].
 */
export type AttentionInputs = {
  readonly residual: tf.Tensor2D;
  readonly query: tf.Tensor2D;
  readonly key: tf.Tensor2D;
  readonly value: tf.Tensor2D;
};

export function disposeTrace({ layers, prediction }: Trace): void {
  tf.dispose({ layers, prediction });
}

/** For some layers, what a pass multiplies the activations at the position by: [1 or samples, intermediateSize]. */
export type ActivationFactors = ReadonlyMap<number, tf.Tensor2D>;

/**
 * A transformer on a running engine, seen as the method sees it: one traced pass a prompt, and passes that
 * start again at any layer's activations, with whatever values, and compute nothing that those cannot reach.
 */
export interface LanguageModel {
  readonly layers: number;
  readonly intermediateSize: number;
  readonly hiddenSize: number;
  readonly vocabularySize: number;
  /** The most tokens a prompt may have. */
  readonly maxTokens: number;

  trace(batch: PromptBatch): Trace;

  /**
   * The rest of the pass, with other activations at the position in `layer`.
   * @param activations [samples, intermediateSize], sample = prompt * steps + step
   * @param factors for later layers; the caller has applied `layer`'s own
   * @returns the last hidden row, [samples, hidden]; the gradient flows to `activations`, and to factors of `samples` rows
   */
  resume(trace: Trace, layer: number, activations: tf.Tensor2D, factors?: ActivationFactors): tf.Tensor2D;

  /**
   * The rest of the pass for every layer's activations at once, in as few and as large products as there are layers:
   * what begins in one layer joins what began before it.
   * @param activations for each layer [samples, intermediateSize]
   * @returns the last hidden rows, layer by layer: [layers * samples, hidden]; the gradient flows to all `activations`
   */
  resumeTogether(trace: Trace, activations: readonly tf.Tensor2D[]): tf.Tensor2D;

  /** P(token) at the position for the whole vocabulary: [rows, hidden] -> [rows, vocabulary]. */
  probabilities(prediction: tf.Tensor2D): tf.Tensor2D;

  /** P(answer) at the position, with a gradient: [rows, hidden] -> [rows, 1]. */
  answerProbability(prediction: tf.Tensor2D, answers: readonly number[]): tf.Tensor2D;

  dispose(): void;
}
