import * as tf from '@tensorflow/tfjs-core';
import type { Checkpoint } from './checkpoint.js';
import type { LayerNormWeights } from './layers/layer-norm.js';
import type { LinearWeights } from './layers/linear.js';

/** Reads a checkpoint's tensors onto the running engine, and knows which it has read, so that none is left if one fails. */
export class WeightReader {
  private readonly owned: tf.Tensor[] = [];

  constructor(private readonly checkpoint: Checkpoint) {}

  has(name: string): boolean {
    return this.checkpoint.has(name);
  }

  async vector(name: string, width: number): Promise<tf.Tensor1D> {
    return this.own(tf.tensor1d(await this.checkpoint.read(name, [width])));
  }

  zeros(width: number): tf.Tensor1D {
    return this.own(tf.zeros<tf.Rank.R1>([width]));
  }

  async matrix(name: string, rows: number, columns: number): Promise<tf.Tensor2D> {
    return this.own(tf.tensor2d(await this.checkpoint.read(name, [rows, columns]), [rows, columns]));
  }

  /**
   * A torch.nn.Linear, stored [out, in].
   * @param bias false where it has none
   */
  async linear(name: string, input: number, output: number, bias = true): Promise<LinearWeights> {
    const stored = await this.checkpoint.read(`${name}.weight`, [output, input]);
    return {
      weight: this.own(tf.tensor2d(transposed(stored, output, input), [input, output])),
      bias: bias ? await this.vector(`${name}.bias`, output) : this.zeros(output),
    };
  }

  /** GPT-2's Conv1D, stored [in, out]: `parts` maps of equal width side by side. */
  async convolution(name: string, input: number, output: number, parts = 1): Promise<LinearWeights[]> {
    const weights = await this.checkpoint.read(`${name}.weight`, [input, parts * output]);
    const biases = await this.checkpoint.read(`${name}.bias`, [parts * output]);
    return Array.from({ length: parts }, (_, part) => ({
      weight: this.own(
        tf.tensor2d(columnsOf(weights, input, parts * output, part * output, output), [input, output]),
      ),
      bias: this.own(tf.tensor1d(biases.slice(part * output, (part + 1) * output))),
    }));
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
    return tensor;
  }

  dispose(): void {
    tf.dispose(this.owned);
  }
}

/** Some columns of a [rows, width] matrix: [rows, count]. */
function columnsOf(
  values: Float32Array,
  rows: number,
  width: number,
  first: number,
  count: number,
): Float32Array {
  if (count === width) return values;
  const out = new Float32Array(rows * count);
  for (let row = 0; row < rows; row++) {
    out.set(values.subarray(row * width + first, row * width + first + count), row * count);
  }
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
