/**
 * The demo model while it is trained: a BERT whose embeddings, attention and head are random and stay so. Only
 * the two feed-forward matrices of each layer learn, so that whatever the model knows is in its neurons.
 */
import * as tf from '@tensorflow/tfjs-core';
import { attention } from '../../src/model/layers/attention.js';
import { differentiable } from '../../src/model/layers/differentiable.js';
import { addAndNorm, type LayerNormWeights, layerNorm } from '../../src/model/layers/layer-norm.js';
import { linear, product } from '../../src/model/layers/linear.js';
import { takeMaskRows } from '../../src/model/layers/mask-rows.js';
import { nonlinear } from '../../src/model/layers/nonlinearity.js';
import { normal } from '../random.js';

export const SHAPE = { hidden: 128, intermediate: 512, layers: 2, heads: 2, positions: 64 };

const { hidden, intermediate, heads, positions } = SHAPE;

export interface Network {
  readonly wordEmbeddings: tf.Tensor2D;
  readonly positionEmbeddings: tf.Tensor2D;
  readonly layers: readonly {
    readonly query: tf.Tensor2D;
    readonly key: tf.Tensor2D;
    readonly value: tf.Tensor2D;
    readonly attentionOutput: tf.Tensor2D;
    readonly intermediate: tf.Variable<tf.Rank.R2>;
    readonly output: tf.Variable<tf.Rank.R2>;
  }[];
  readonly transform: tf.Tensor2D;
  /** Of every layer normalisation: gamma 1, beta 0. */
  readonly norm: LayerNormWeights;
}

/** All matrices are [in, out]. */
export function randomNetwork(vocabularySize: number): Network {
  let seed = 0;
  const matrix = (rows: number, columns: number, deviation: number): tf.Tensor2D =>
    tf.tensor2d(normal(rows * columns, seed++, deviation), [rows, columns]);
  const unit = 1 / Math.sqrt(hidden);
  return {
    wordEmbeddings: matrix(vocabularySize, hidden, unit),
    positionEmbeddings: matrix(positions, hidden, 0.3 * unit),
    layers: Array.from({ length: SHAPE.layers }, () => ({
      query: matrix(hidden, hidden, unit),
      key: matrix(hidden, hidden, unit),
      // Twice the usual spread: what attention gathers must weigh against the mask's own embedding.
      value: matrix(hidden, hidden, 2 * unit),
      attentionOutput: matrix(hidden, hidden, 2 * unit),
      intermediate: tf.variable(matrix(hidden, intermediate, unit)),
      output: tf.variable(matrix(intermediate, hidden, 0.5 / Math.sqrt(intermediate))),
    })),
    transform: matrix(hidden, hidden, unit),
    norm: { gamma: tf.ones([hidden]), beta: tf.zeros([hidden]), epsilon: 1e-12 },
  };
}

/** Word and position embeddings of tokens in an order of their own: (rows, H). */
export function embed(network: Network, ids: readonly number[], places: readonly number[]): tf.Tensor2D {
  const words = tf.gather(network.wordEmbeddings, tf.tensor1d([...ids], 'int32'));
  const positions = tf.gather(network.positionEmbeddings, tf.tensor1d([...places], 'int32'));
  return layerNorm(tf.add(words, positions), network.norm);
}

/** Layer 0 up to its feed-forward network, which no training changes: (T B, H). */
export function attendFirst(network: Network, embedded: tf.Tensor2D, samples: number): tf.Tensor2D {
  return attend(network, 0, embedded, embedded, samples);
}

/** What {@link attendFirst} gave, to the row that the vocabulary matrix takes: (B, H). */
export function predict(network: Network, attended: tf.Tensor2D, samples: number): tf.Tensor2D {
  const x = feedForward(network, 0, attended); // (T B, H)
  const last = attend(network, 1, takeMaskRows(x, samples), x, samples); // (B, H)
  return layerNorm(nonlinear('gelu', frozen(feedForward(network, 1, last), network.transform)), network.norm);
}

const evenLengths = ({ shape: [rows] }: tf.Tensor2D, samples: number) =>
  Array.from({ length: samples }, () => rows / samples);

function attend(
  network: Network,
  layer: number,
  asked: tf.Tensor2D,
  x: tf.Tensor2D,
  samples: number,
): tf.Tensor2D {
  const { query, key, value, attentionOutput } = network.layers[layer];
  const scale = 1 / Math.sqrt(hidden / heads);
  const keyValue = frozen(x, tf.concat([key, value], 1));
  const context = attention(frozen(asked, query), keyValue, {
    lengths: evenLengths(x, samples),
    heads,
    scale,
  });
  return addAndNorm(product(context, { weight: attentionOutput }), tf.zeros([hidden]), asked, network.norm);
}

function feedForward(network: Network, layer: number, x: tf.Tensor2D): tf.Tensor2D {
  const { intermediate, output } = network.layers[layer];
  const contributions = trained(nonlinear('gelu', trained(x, intermediate)), output);
  return addAndNorm(contributions, tf.zeros([hidden]), x, network.norm);
}

function frozen(x: tf.Tensor2D, weight: tf.Tensor2D): tf.Tensor2D {
  return linear(x, { weight, bias: tf.zeros([weight.shape[1]]) });
}

/** x W with a gradient for W: the one place in the project where a weight has one. */
function trained(x: tf.Tensor2D, weight: tf.Variable<tf.Rank.R2>): tf.Tensor2D {
  return differentiable([x, weight], save => {
    save([x]);
    return {
      value: tf.matMul(x, weight),
      gradient: (dy, [x]) => [tf.matMul(dy, tf.transpose(weight)), tf.matMul(tf.transpose(x), dy)],
    };
  });
}
