/**
 * BERT in plain loops and double precision, with no reuse and no tensors: the reference that the real model is
 * held against. Every pass computes every token of every layer.
 */
import type { BertConfig } from '../model/bert/config.js';
import { Checkpoint } from '../model/checkpoint/checkpoint.js';
import { readModelConfig } from '../model/config.js';
import { dot, gelu, type Matrix, normalized, softmax, sum } from './reference-loops.js';

interface Linear {
  readonly weight: Matrix; // [out][in], as stored
  readonly bias: Float64Array;
}

interface Norm {
  readonly gamma: Float64Array;
  readonly beta: Float64Array;
}

/** Changes the activations of one layer at the mask, in place. */
export type Intervention = (layer: number, activations: Float64Array) => void;

export interface ReferencePass {
  readonly probabilities: Float64Array;
  /** Of each layer, at the mask, after the non-linearity and any intervention. */
  readonly activations: readonly Float64Array[];
}

export class ReferenceBert {
  private constructor(
    readonly config: BertConfig,
    private readonly words: Matrix,
    private readonly places: Matrix,
    private readonly types: Matrix,
    private readonly linears: ReadonlyMap<string, Linear>,
    private readonly norms: ReadonlyMap<string, Norm>,
    private readonly vocabularyBias: Float64Array,
  ) {}

  static async load(folder: string): Promise<ReferenceBert> {
    const config = await readModelConfig(folder);
    if (config.architecture !== 'bert') throw new Error(`${folder}: no BERT`);
    const { hiddenSize: h, intermediateSize: f } = config;
    const checkpoint = await Checkpoint.open(folder);
    const vector = async (name: string, n: number) => Float64Array.from(await checkpoint.read(name, [n]));
    const matrix = async (name: string, rows: number, columns: number): Promise<Matrix> => {
      const values = await checkpoint.read(name, [rows, columns]);
      return Array.from({ length: rows }, (_, r) =>
        Float64Array.from(values.subarray(r * columns, (r + 1) * columns)),
      );
    };
    const linears = new Map<string, Linear>();
    const norms = new Map<string, Norm>();
    const linear = async (name: string, out: number, input: number) =>
      linears.set(name, {
        weight: await matrix(`${name}.weight`, out, input),
        bias: await vector(`${name}.bias`, out),
      });
    const norm = async (name: string) =>
      norms.set(name, { gamma: await vector(`${name}.weight`, h), beta: await vector(`${name}.bias`, h) });
    for (let layer = 0; layer < config.layers; layer++) {
      const at = `bert.encoder.layer.${layer}`;
      for (const part of ['query', 'key', 'value']) await linear(`${at}.attention.self.${part}`, h, h);
      await linear(`${at}.attention.output.dense`, h, h);
      await norm(`${at}.attention.output.LayerNorm`);
      await linear(`${at}.intermediate.dense`, f, h);
      await linear(`${at}.output.dense`, h, f);
      await norm(`${at}.output.LayerNorm`);
    }
    await norm('bert.embeddings.LayerNorm');
    await linear('cls.predictions.transform.dense', h, h);
    await norm('cls.predictions.transform.LayerNorm');
    const embeddings = 'bert.embeddings';
    const reference = new ReferenceBert(
      config,
      await matrix(`${embeddings}.word_embeddings.weight`, config.vocabularySize, h),
      await matrix(`${embeddings}.position_embeddings.weight`, config.maxTokens, h),
      await matrix(`${embeddings}.token_type_embeddings.weight`, config.tokenTypes, h),
      linears,
      norms,
      await vector('cls.predictions.bias', config.vocabularySize),
    );
    await checkpoint.close();
    return reference;
  }

  /** A whole forward pass of one prompt. */
  run(tokens: readonly number[], mask: number, intervene: Intervention = () => undefined): ReferencePass {
    const { layers, heads, hiddenSize } = this.config;
    const size = hiddenSize / heads;
    const activations: Float64Array[] = [];
    let x = tokens.map((id, t) =>
      this.norm('bert.embeddings.LayerNorm', sum(sum(this.words[id], this.places[t]), this.types[0])),
    );
    for (let layer = 0; layer < layers; layer++) {
      const at = `bert.encoder.layer.${layer}`;
      const [q, k, v] = ['query', 'key', 'value'].map(part =>
        x.map(row => this.linear(`${at}.attention.self.${part}`, row)),
      );
      const context = x.map(() => new Float64Array(hiddenSize));
      for (let head = 0; head < heads; head++) {
        const from = head * size;
        for (let t = 0; t < x.length; t++) {
          const scores = k.map(key => dot(q[t], key, from, size) / Math.sqrt(size));
          softmax(scores).forEach((weight, s) => {
            for (let i = from; i < from + size; i++) context[t][i] += weight * v[s][i];
          });
        }
      }
      const attended = x.map((row, t) =>
        this.norm(
          `${at}.attention.output.LayerNorm`,
          sum(this.linear(`${at}.attention.output.dense`, context[t]), row),
        ),
      );
      x = attended.map((row, t) => {
        const neurons = this.linear(`${at}.intermediate.dense`, row).map(gelu);
        if (t === mask) {
          intervene(layer, neurons);
          activations.push(neurons);
        }
        return this.norm(`${at}.output.LayerNorm`, sum(this.linear(`${at}.output.dense`, neurons), row));
      });
    }
    const hidden = this.norm(
      'cls.predictions.transform.LayerNorm',
      this.linear('cls.predictions.transform.dense', x[mask]).map(gelu),
    );
    const scores = this.words.map((row, id) => dot(hidden, row, 0, hiddenSize) + this.vocabularyBias[id]);
    return { probabilities: Float64Array.from(softmax(scores)), activations };
  }

  private linear(name: string, x: Float64Array): Float64Array {
    const found = this.linears.get(name);
    if (!found) throw new Error(`no ${name}`);
    return Float64Array.from(found.weight, (row, i) => dot(row, x, 0, x.length) + found.bias[i]);
  }

  private norm(name: string, x: Float64Array): Float64Array {
    const found = this.norms.get(name);
    if (!found) throw new Error(`no ${name}`);
    return normalized(x, found.gamma, found.beta, this.config.layerNormEpsilon);
  }
}
