import * as tf from '@tensorflow/tfjs-core';
import type { ModelShape } from '../language-model.js';
import type { LayerNormWeights } from '../layers/layer-norm.js';
import type { LinearWeights, PlainLinearWeights } from '../layers/linear.js';
import type { RmsNormWeights } from '../layers/rms-norm.js';
import { rowsOfPart, type TokenTable } from '../layers/token-table.js';
import { isFasterTurned } from '../layers/weight-product.js';
import type { Checkpoint } from './checkpoint.js';

type VocabularyShape = Pick<ModelShape, 'vocabularySize' | 'hiddenSize'> & {
  /** Whether the configuration says that they are one. */
  readonly tiedEmbeddings: boolean;
};

/** Reads a checkpoint's tensors onto the running engine, and knows which it has read. */
export class WeightReader {
  private readonly owned: tf.Tensor[] = [];
  /** What the configuration ties, and the checkpoint has apart. */
  private readonly apart: string[] = [];

  private constructor(private readonly checkpoint: Checkpoint) {}

  /** All that `read` reads of a checkpoint, or nothing: where it fails, none of its tensors is left. */
  static async readAll<Weights>(
    checkpoint: Checkpoint,
    read: (reader: WeightReader) => Promise<Weights>,
  ): Promise<Weights> {
    const reader = new WeightReader(checkpoint);
    try {
      const weights = await read(reader);
      if (reader.apart.length > 0)
        checkpoint.notices.push(
          `config.json ties ${reader.apart.join(' and ')}, but the checkpoint has both with different values: each is itself, as in transformers ("tie_word_embeddings": false says so).`,
        );
      return weights;
    } catch (error) {
      tf.dispose(reader.owned);
      throw error;
    }
  }

  has(name: string): boolean {
    return this.checkpoint.has(name);
  }

  /**
   * A checkpoint of more layers would be computed as another model, its first ones, without a word.
   * @param before what stands before a layer's number in the names of its tensors: "bert.encoder.layer."
   * @param layers of config.json
   * @throws UserError where the checkpoint has not just as many
   */
  checkLayers(before: string, layers: number): void {
    this.checkpoint.checkLayers(before, layers);
  }

  async vector(name: string, width: number): Promise<tf.Tensor1D> {
    return this.own(tf.tensor1d(await this.checkpoint.read(name, [width])));
  }

  async matrix(name: string, rows: number, columns: number): Promise<tf.Tensor2D> {
    return this.own(tf.tensor2d(await this.checkpoint.read(name, [rows, columns]), [rows, columns]));
  }

  /**
   * The word embeddings and the vocabulary matrix of the head, [vocabulary, hidden] each. As in transformers 5, they are one where the configuration
   * ties them, unless the checkpoint holds both and they differ; then each is itself, and people are told.
   * @param words the name of the embeddings
   * @param head the name of the head's matrix
   */
  async vocabulary(
    words: string,
    head: string,
    { tiedEmbeddings, vocabularySize, hiddenSize }: VocabularyShape,
  ): Promise<{ readonly wordEmbeddings: TokenTable; readonly embeddings: TokenTable }> {
    const table = (name: string) => this.table(name, vocabularySize, hiddenSize);
    const { source, target } = tiedEmbeddings
      ? await this.tied(words, head, [vocabularySize, hiddenSize])
      : { source: words, target: head };
    const wordEmbeddings = await table(source);
    return { wordEmbeddings, embeddings: target === source ? wordEmbeddings : await table(target) };
  }

  /**
   * A bias that the head holds under two names: the second computes, and is the first unless the checkpoint holds both and they differ.
   * @param tied whether the configuration ties them; else the second alone counts
   */
  async headBias(source: string, target: string, tied: boolean, width: number): Promise<tf.Tensor1D> {
    return this.vector(tied ? (await this.tied(source, target, [width])).target : target, width);
  }

  /** The names that two tied tensors are to be read by: one and the same, unless the checkpoint holds both and they differ. */
  private async tied(source: string, target: string, shape: readonly number[]) {
    if (!this.has(target)) return { source, target: source };
    if (!this.has(source)) return { source: target, target };
    if (await this.checkpoint.areEqual(source, target, shape)) return { source, target: source };
    this.apart.push([target, source].map(name => this.checkpoint.nameOf(name)).join(' to '));
    return { source, target };
  }

  /**
   * A torch.nn.Linear, stored [out, in].
   * @param biased whether the checkpoint has a bias; else it is 0
   */
  async linear(name: string, input: number, output: number, biased = true): Promise<PlainLinearWeights> {
    const stored = await this.checkpoint.read(`${name}.weight`, [output, input]);
    return {
      weight: this.own(tf.tensor2d(transposed(stored, output, input), [input, output])),
      bias: biased ? await this.vector(`${name}.bias`, output) : this.own(tf.zeros<tf.Rank.R1>([output])),
    };
  }

  /** A matrix with a row for each token, in as many parts as the running engine's buffers need. */
  async table(name: string, rows: number, columns: number, most = rowsOfPart(columns)): Promise<TokenTable> {
    const parts: tf.Tensor2D[] = [];
    for (let from = 0; from < rows; from += most) {
      const count = Math.min(most, rows - from);
      const values = await this.checkpoint.read(name, [rows, columns], { from, count });
      parts.push(this.own(tf.tensor2d(values, [count, columns])));
    }
    return parts;
  }

  /** A matrix without its first rows. */
  async lowerRows(
    name: string,
    [rows, columns]: readonly [rows: number, columns: number],
    before: number,
  ): Promise<tf.Tensor2D> {
    const count = rows - before;
    const values = await this.checkpoint.read(name, [rows, columns], { from: before, count });
    return this.own(tf.tensor2d(values, [count, columns]));
  }

  /**
   * A root mean square normalisation.
   * @param offset added to what is stored
   */
  async rmsNorm(name: string, width: number, epsilon: number, offset = 0): Promise<RmsNormWeights> {
    const stored = await this.checkpoint.read(`${name}.weight`, [width]);
    return { gamma: this.own(tf.tensor1d(stored.map(weight => offset + weight))), epsilon };
  }

  /**
   * One or several of them side by side, as one map [input, names * output] that lies as the running engine is fastest.
   * @param biased whether the checkpoint has biases; else they are 0
   */
  async linears(
    names: readonly string[],
    input: number,
    output: number,
    biased: boolean,
  ): Promise<LinearWeights> {
    return this.linearsOf(
      names.map(name => ({ name, output })),
      input,
      biased,
    );
  }

  /**
   * The same of maps of different widths.
   * @param order of all their outputs: the place in the checkpoint of each; default: as they are
   */
  async linearsOf(
    maps: readonly { readonly name: string; readonly output: number }[],
    input: number,
    biased: boolean,
    order?: readonly number[],
  ): Promise<LinearWeights> {
    const width = maps.reduce((sum, { output }) => sum + output, 0);
    const read = async (part: string, shapeOf: (output: number) => readonly number[]) => {
      const parts: Float32Array[] = [];
      for (const { name, output } of maps)
        parts.push(await this.checkpoint.read(`${name}.${part}`, shapeOf(output)));
      const all = sideBySide(parts);
      return order ? inOrder(all, order) : all;
    };
    // What the checkpoint holds decides how much memory is taken, not what its configuration says.
    const stored = await read('weight', output => [output, input]);
    const bias = this.own(
      biased ? tf.tensor1d(await read('bias', output => [output])) : tf.zeros<tf.Rank.R1>([width]),
    );
    return isFasterTurned(input, width)
      ? { weight: this.own(tf.tensor2d(stored, [width, input])), bias, turned: true }
      : { weight: this.own(tf.tensor2d(transposed(stored, width, input), [input, width])), bias };
  }

  /** GPT-2's Conv1D, stored [in, out]. */
  async convolution(name: string, input: number, output: number): Promise<PlainLinearWeights> {
    return {
      weight: await this.matrix(`${name}.weight`, input, output),
      bias: await this.vector(`${name}.bias`, output),
    };
  }

  /** The same, lying as the running engine is fastest. */
  async convolutionEitherWay(name: string, input: number, output: number): Promise<LinearWeights> {
    const plain = await this.convolution(name, input, output);
    if (!isFasterTurned(input, output)) return plain;
    const weight = this.own(tf.transpose(plain.weight));
    plain.weight.dispose();
    return { ...plain, weight, turned: true };
  }

  async norm(name: string, width: number, epsilon: number): Promise<LayerNormWeights> {
    // Checkpoints converted from TensorFlow, bert-base-uncased among them, keep TensorFlow's names.
    const old = this.has(`${name}.gamma`);
    return {
      gamma: await this.vector(`${name}.${old ? 'gamma' : 'weight'}`, width),
      beta: await this.vector(`${name}.${old ? 'beta' : 'bias'}`, width),
      epsilon,
    };
  }

  own<T extends tf.Tensor>(tensor: T): T {
    this.owned.push(tensor);
    settle(tensor);
    return tensor;
  }
}

/**
 * Has the engine take a tensor's values now. The native one does so at a tensor's first use, and until then they are on JavaScript's
 * heap: a model would be loaded whole there, and then once more into the engine.
 */
function settle(tensor: tf.Tensor): void {
  if (tf.getBackend() !== 'tensorflow') return;
  tf.tidy(() => {
    tf.slice(tf.reshape(tensor, [-1]), 0, 1);
  });
}

function sideBySide(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0];
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Rows of a matrix in another order. */
function inOrder(values: Float32Array, order: readonly number[]): Float32Array {
  const columns = values.length / order.length;
  const out = new Float32Array(values.length);
  order.forEach((row, place) => {
    out.set(values.subarray(row * columns, (row + 1) * columns), place * columns);
  });
  return out;
}

/** A [rows, columns] matrix as [columns, rows], in blocks that stay in the processor's cache. */
export function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const BLOCK = 32;
  const out = new Float32Array(values.length);
  for (let r0 = 0; r0 < rows; r0 += BLOCK) {
    for (let c0 = 0; c0 < columns; c0 += BLOCK) {
      for (let r = r0; r < Math.min(r0 + BLOCK, rows); r++) {
        for (let c = c0; c < Math.min(c0 + BLOCK, columns); c++) out[c * rows + r] = values[r * columns + c];
      }
    }
  }
  return out;
}
