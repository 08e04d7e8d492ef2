/** A whole checkpoint in doubles, by the names that its tensors have, with what torch's modules do with them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Checkpoint } from '../../model/checkpoint/checkpoint.js';
import { dot, type Matrix, normalized, rmsNormalized, sum } from '../reference-loops.js';

export class StoredWeights {
  private constructor(private readonly tensors: ReadonlyMap<string, Matrix>) {}

  /** Of a folder with one model.safetensors. A vector is a matrix of one row. */
  static async load(folder: string): Promise<StoredWeights> {
    const bytes = await readFile(join(folder, 'model.safetensors'));
    const header: Record<string, { shape: number[] }> = JSON.parse(
      bytes.toString('utf8', 8, 8 + Number(bytes.readBigUInt64LE(0))),
    );
    const checkpoint = await Checkpoint.open(folder);
    const tensors = new Map<string, Matrix>();
    for (const [name, { shape }] of Object.entries(header)) {
      if (name === '__metadata__') continue;
      const values = await checkpoint.read(name, shape);
      const width = shape[shape.length - 1];
      const rows = Array.from({ length: values.length / width }, (_, r) =>
        Float64Array.from(values.subarray(r * width, (r + 1) * width)),
      );
      tensors.set(name, rows);
    }
    await checkpoint.close();
    return new StoredWeights(tensors);
  }

  has(name: string): boolean {
    return this.tensors.has(name);
  }

  matrix(name: string): Matrix {
    const found = this.tensors.get(name);
    if (!found) throw new Error(`no ${name}`);
    return found;
  }

  vector(name: string): Float64Array {
    return this.matrix(name)[0];
  }

  /** Which matrix scores the vocabulary: a tied model's own one too, where the file has one (tie_weights in modeling_utils.py). */
  headOf(isTied: boolean, embeddings: string, own: string): string {
    return isTied && !this.has(`${own}.weight`) ? embeddings : own;
  }

  /** torch.nn.Linear without a bias, stored [out][in]. */
  product(name: string, x: Float64Array): Float64Array {
    const rows = this.matrix(`${name}.weight`);
    const out = new Float64Array(rows.length);
    for (let o = 0; o < out.length; o++) out[o] = dot(rows[o], x, 0, x.length);
    return out;
  }

  linear(name: string, x: Float64Array): Float64Array {
    return sum(this.product(name, x), this.vector(`${name}.bias`));
  }

  /** GPT-2's Conv1D, stored [in][out]. */
  convolution(name: string, x: Float64Array): Float64Array {
    const out = Float64Array.from(this.vector(`${name}.bias`));
    const rows = this.matrix(`${name}.weight`);
    for (let i = 0; i < rows.length; i++) {
      const [row, factor] = [rows[i], x[i]];
      for (let o = 0; o < out.length; o++) out[o] += factor * row[o];
    }
    return out;
  }

  layerNorm(name: string, x: Float64Array, epsilon: number): Float64Array {
    return normalized(x, this.vector(`${name}.weight`), this.vector(`${name}.bias`), epsilon);
  }

  rmsNorm(name: string, x: Float64Array, epsilon: number): Float64Array {
    return rmsNormalized(x, this.vector(`${name}.weight`), epsilon);
  }
}
