/**
 * BERT, RoBERTa and DistilBERT in plain loops and double precision, with no reuse and no tensors: the reference that the real model is
 * held against. Every pass computes every token of every layer. After modeling_bert.py, modeling_roberta.py and modeling_distilbert.py in
 * huggingface/transformers, read from the checkpoint anew.
 */
import { Checkpoint } from '../model/checkpoint/checkpoint.js';
import { readModelConfig } from '../model/config.js';
import { type EncoderConfig, isEncoder } from '../model/encoder/config.js';
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

/** What the files of a family call the parts. */
interface Names {
  readonly embeddings: string;
  readonly layer: (layer: number) => string;
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly context: string;
  readonly attentionNorm: string;
  readonly first: string;
  readonly second: string;
  readonly outputNorm: string;
  readonly transform: string;
  readonly transformNorm: string;
  readonly bias: string;
}

const bertNames = (prefix: string) => ({
  embeddings: `${prefix}.embeddings`,
  layer: (layer: number) => `${prefix}.encoder.layer.${layer}`,
  query: 'attention.self.query',
  key: 'attention.self.key',
  value: 'attention.self.value',
  context: 'attention.output.dense',
  attentionNorm: 'attention.output.LayerNorm',
  first: 'intermediate.dense',
  second: 'output.dense',
  outputNorm: 'output.LayerNorm',
});
const ROBERTA: Names = {
  ...bertNames('roberta'),
  transform: 'lm_head.dense',
  transformNorm: 'lm_head.layer_norm',
  bias: 'lm_head.bias',
};
const NAMES: Readonly<Record<EncoderConfig['architecture'], Names>> = {
  bert: {
    ...bertNames('bert'),
    transform: 'cls.predictions.transform.dense',
    transformNorm: 'cls.predictions.transform.LayerNorm',
    bias: 'cls.predictions.bias',
  },
  roberta: ROBERTA,
  'xlm-roberta': ROBERTA,
  distilbert: {
    embeddings: 'distilbert.embeddings',
    layer: layer => `distilbert.transformer.layer.${layer}`,
    query: 'attention.q_lin',
    key: 'attention.k_lin',
    value: 'attention.v_lin',
    context: 'attention.out_lin',
    attentionNorm: 'sa_layer_norm',
    first: 'ffn.lin1',
    second: 'ffn.lin2',
    outputNorm: 'output_layer_norm',
    transform: 'vocab_transform',
    transformNorm: 'vocab_layer_norm',
    bias: 'vocab_projector.bias',
  },
};

export class ReferenceBert {
  private constructor(
    readonly config: EncoderConfig,
    private readonly names: Names,
    private readonly words: Matrix,
    private readonly places: Matrix,
    /** Undefined where tokens have no types. */
    private readonly types: Matrix | undefined,
    /** The row of the first token's position. */
    private readonly firstPlace: number,
    private readonly linears: ReadonlyMap<string, Linear>,
    private readonly norms: ReadonlyMap<string, Norm>,
    private readonly vocabularyBias: Float64Array,
  ) {}

  /** A checkpoint that ties its vocabulary matrix to the embeddings. */
  static async load(folder: string): Promise<ReferenceBert> {
    const config = await readModelConfig(folder);
    if (!isEncoder(config)) throw new Error(`${folder}: no BERT`);
    const names = NAMES[config.architecture];
    const isRoberta = names === ROBERTA;
    const firstPlace = isRoberta ? 2 : 0; // the padding token is 1
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
      const at = names.layer(layer);
      for (const part of [names.query, names.key, names.value, names.context])
        await linear(`${at}.${part}`, h, h);
      await norm(`${at}.${names.attentionNorm}`);
      await linear(`${at}.${names.first}`, f, h);
      await linear(`${at}.${names.second}`, h, f);
      await norm(`${at}.${names.outputNorm}`);
    }
    const { embeddings } = names;
    await norm(`${embeddings}.LayerNorm`);
    await linear(names.transform, h, h);
    await norm(names.transformNorm);
    const reference = new ReferenceBert(
      config,
      names,
      await matrix(`${embeddings}.word_embeddings.weight`, config.vocabularySize, h),
      await matrix(`${embeddings}.position_embeddings.weight`, config.maxTokens + firstPlace, h),
      config.architecture === 'distilbert'
        ? undefined
        : await matrix(`${embeddings}.token_type_embeddings.weight`, config.tokenTypes, h),
      firstPlace,
      linears,
      norms,
      await vector(names.bias, config.vocabularySize),
    );
    await checkpoint.close();
    return reference;
  }

  /** A whole forward pass of one prompt. */
  run(tokens: readonly number[], mask: number, intervene: Intervention = () => undefined): ReferencePass {
    const { layers, heads, hiddenSize } = this.config;
    const { names } = this;
    const size = hiddenSize / heads;
    const activations: Float64Array[] = [];
    let x = tokens.map((id, t) => {
      const placed = sum(this.words[id], this.places[this.firstPlace + t]);
      const typed = this.types ? sum(placed, this.types[0]) : placed;
      return this.norm(`${names.embeddings}.LayerNorm`, typed);
    });
    for (let layer = 0; layer < layers; layer++) {
      const at = names.layer(layer);
      const [q, k, v] = [names.query, names.key, names.value].map(part =>
        x.map(row => this.linear(`${at}.${part}`, row)),
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
          `${at}.${names.attentionNorm}`,
          sum(this.linear(`${at}.${names.context}`, context[t]), row),
        ),
      );
      x = attended.map((row, t) => {
        const neurons = this.linear(`${at}.${names.first}`, row).map(gelu);
        if (t === mask) {
          intervene(layer, neurons);
          activations.push(neurons);
        }
        return this.norm(
          `${at}.${names.outputNorm}`,
          sum(this.linear(`${at}.${names.second}`, neurons), row),
        );
      });
    }
    const hidden = this.norm(names.transformNorm, this.linear(names.transform, x[mask]).map(gelu));
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
