/**
 * What the method needs of a transformer. The interface is made for one rule: never compute what an intervention cannot reach.
 *
 * - Replacing activations in layer l leaves all layers before untouched, so `resume` starts after layer l's first feed-forward
 *   matrix, from the trace.
 * - In layer l and in the input of layer l+1 only the position's row is new; queries, keys and values of all other rows come from
 *   the trace. In a causal model nothing before the position ever changes: a step is one row over the trace's keys and values.
 * - The last layer computes the position's row alone, and so does the vocabulary matrix.
 * - Gradients flow to the activations alone. `layers/` has the operations, each with a derivative of its own
 *   (`differentiable.ts`): a weight is never among an operation's inputs, so it never gets a gradient.
 * - Rows are ordered so that this is cheap: the position's rows stand before all others (`encoder/model.ts`, `decoder/model.ts`).
 *
 * All but `trace` is the same for every architecture (`transformer.ts`). Engines differ in what they multiply fast and in what they
 * can do at once; `layers/weight-product.ts`, `nonlinearity.ts`, `gelu.ts`, `layer-norm.ts`, `cached-attention.ts`, `gather-rows.ts`
 * and `answer-probability.ts` hide that, and nothing else knows which engine runs.
 */
import type * as tf from '@tensorflow/tfjs-core';

/** Prompts that go through a model together, of any token lengths. */
export interface PromptBatch {
  /** [prompts][tokens] token ids, special tokens included. */
  readonly tokens: readonly (readonly number[])[];
  /** For each prompt the position that the answer is predicted at. */
  readonly positions: readonly number[];
}

/**
 * Where in a feed-forward network its neurons are read and replaced: after the non-linearity, as in Dai et al., or before
 * it, as EleutherAI/knowledge-neurons does in GPT models.
 */
export const SITES = ['post', 'pre'] as const;
export type Site = (typeof SITES)[number];

/** For some layers, what a pass multiplies the activations at the position by: [1 or samples, intermediateSize]. */
export type ActivationFactors = ReadonlyMap<number, tf.Tensor2D>;

/** Passes that begin in one layer, each with activations of its own at the position. */
export interface Beginning {
  readonly layer: number;
  /** For each pass the prompt of the trace that it is of, in rising order. */
  readonly prompts: readonly number[];
  /** [passes, intermediateSize], at the trace's site: the gradient flows to them, row by row. */
  readonly activations: tf.Tensor2D;
}

/**
 * What a forward pass of B prompts keeps, and the passes that start from it: at any layer's activations,
 * with whatever values, computing nothing that those cannot reach. Whoever asked for it disposes of it.
 */
export interface Trace {
  readonly prompts: number;
  /** Of its longest prompt. */
  readonly tokens: number;
  /** For each layer the feed-forward activations at the position, at the trace's site, [B, intermediateSize]. */
  readonly activations: readonly tf.Tensor2D[];
  /** The last hidden row at the position, ready for the vocabulary matrix, [B, hidden]. */
  readonly prediction: tf.Tensor2D;

  /**
   * The rest of the pass, with other activations at the position in `layer`.
   * @param activations [samples, intermediateSize], sample = prompt * steps + step
   * @param factors for later layers; the caller has applied `layer`'s own
   * @returns the last hidden row, [samples, hidden]; the gradient flows to `activations`
   */
  resume(layer: number, activations: tf.Tensor2D, factors?: ActivationFactors): tf.Tensor2D;

  /**
   * The rest of many passes at once: what begins in one layer joins what began before it, so that products are few and large.
   * What comes out for a pass does not depend on those beside it.
   * @param beginnings of rising layers, one a layer
   * @param probes for each layer zeros, [B, intermediateSize], if a pass of every prompt in which nothing is replaced is to
   *   go along: they are added to its activations, so that the gradient that flows to them is dP/da of every layer
   * @returns last hidden rows: those B first where there are probes, then the passes, in the order of the beginnings
   */
  resumeTogether(beginnings: readonly Beginning[], probes?: readonly tf.Tensor2D[]): tf.Tensor2D;

  dispose(): void;
}

/** The measures of a transformer. */
export interface ModelShape {
  readonly layers: number;
  readonly intermediateSize: number;
  readonly hiddenSize: number;
  readonly vocabularySize: number;
  /** The most tokens a prompt may have. */
  readonly maxTokens: number;
  /**
   * Whether each token sees those before it alone, so that the answer is predicted at the last position, and a resumed pass
   * computes that one row; else the answer is predicted at a mask, and the pass computes every row.
   */
  readonly causal: boolean;
}

/**
 * A transformer on a running engine, seen as the method sees it: one traced pass a prompt, and passes that start again
 * from it.
 */
export interface LanguageModel extends ModelShape {
  /** Whether prompts of several token lengths are better in one batch than in several, on the engine that runs. */
  readonly mixesLengths: boolean;

  /** @param site default: `post` */
  trace(batch: PromptBatch, site?: Site): Trace;

  /** P(token) at the position for the whole vocabulary: [rows, hidden] -> [rows, vocabulary]. */
  probabilities(prediction: tf.Tensor2D): tf.Tensor2D;

  /** P(answer) at the position, with a gradient: [rows, hidden] -> [rows, 1]. */
  answerProbability(prediction: tf.Tensor2D, answers: readonly number[]): tf.Tensor2D;

  /**
   * The neurons' values (Geva et al., 2021): what each adds to the hidden row when its activation is 1, [hidden] each; rows
   * of the second feed-forward matrix, as the models write it.
   */
  readValues(layer: number, indices: readonly number[]): Promise<Float32Array[]>;

  /** Puts `values` [hidden] in the place of those of some of a layer's neurons. Traces made before keep the old ones. */
  writeValues(layer: number, values: ReadonlyMap<number, Float32Array>): Promise<void>;

  /** The word embeddings of tokens, [hidden] each. */
  wordEmbeddings(ids: readonly number[]): Promise<Float32Array[]>;

  dispose(): void;
}
