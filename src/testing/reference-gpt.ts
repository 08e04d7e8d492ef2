/**
 * GPT-2 and GPT-Neo in plain loops and double precision, with no reuse and no tensors: every pass computes every token of
 * every layer. After modeling_gpt2.py and modeling_gpt_neo.py in huggingface/transformers, read from the checkpoint anew.
 */
import { Checkpoint } from '../model/checkpoint/checkpoint.js';
import { readModelConfig } from '../model/config.js';
import type { DecoderConfig } from '../model/decoder/config.js';
import { isEncoder } from '../model/encoder/config.js';
import type { Intervention, ReferencePass } from './reference-bert.js';
import { dot, type Matrix, normalized, softmax, sum } from './reference-loops.js';

export class ReferenceGpt {
  private constructor(
    readonly config: DecoderConfig,
    private readonly tensors: ReadonlyMap<string, Matrix>,
    private readonly prefix: string,
  ) {}

  static async load(folder: string): Promise<ReferenceGpt> {
    const config = await readModelConfig(folder);
    if (isEncoder(config)) throw new Error(`${folder}: no GPT`);
    const { hiddenSize: h, intermediateSize: f, vocabularySize, maxTokens } = config;
    const checkpoint = await Checkpoint.open(folder);
    const prefix = checkpoint.has('wte.weight') ? '' : 'transformer.';
    const tensors = new Map<string, Matrix>();
    const read = async (name: string, rows: number, columns?: number) => {
      const values = await checkpoint.read(name, columns === undefined ? [rows] : [rows, columns]);
      const width = columns ?? rows;
      tensors.set(
        name,
        Array.from({ length: values.length / width }, (_, r) =>
          Float64Array.from(values.subarray(r * width, (r + 1) * width)),
        ),
      );
    };
    await read(`${prefix}wte.weight`, vocabularySize, h);
    await read(`${prefix}wpe.weight`, maxTokens, h);
    if (!config.tiedEmbeddings) await read('lm_head.weight', vocabularySize, h);
    const norms = [
      'ln_f',
      ...Array.from({ length: config.layers }, (_, l) => [`h.${l}.ln_1`, `h.${l}.ln_2`]).flat(),
    ];
    for (const norm of norms) {
      await read(`${prefix}${norm}.weight`, h);
      await read(`${prefix}${norm}.bias`, h);
    }
    for (let layer = 0; layer < config.layers; layer++) {
      const at = `${prefix}h.${layer}`;
      if (config.architecture === 'gpt2') {
        for (const [name, input, output] of [
          ['attn.c_attn', h, 3 * h],
          ['attn.c_proj', h, h],
          ['mlp.c_fc', h, f],
          ['mlp.c_proj', f, h],
        ] as const) {
          await read(`${at}.${name}.weight`, input, output);
          await read(`${at}.${name}.bias`, output);
        }
      } else {
        for (const name of ['q_proj', 'k_proj', 'v_proj', 'out_proj'])
          await read(`${at}.attn.attention.${name}.weight`, h, h);
        await read(`${at}.attn.attention.out_proj.bias`, h);
        await read(`${at}.mlp.c_fc.weight`, f, h);
        await read(`${at}.mlp.c_fc.bias`, f);
        await read(`${at}.mlp.c_proj.weight`, h, f);
        await read(`${at}.mlp.c_proj.bias`, h);
      }
    }
    await checkpoint.close();
    return new ReferenceGpt(config, tensors, prefix);
  }

  /**
   * A whole forward pass of one prompt.
   * @param intervene changes the activations at the last position, after the non-linearity
   */
  run(tokens: readonly number[], intervene: Intervention = () => undefined): ReferencePass {
    const { layers, heads, hiddenSize: h, attention } = this.config;
    const [words, places] = [
      this.matrix(`${this.prefix}wte.weight`),
      this.matrix(`${this.prefix}wpe.weight`),
    ];
    const size = h / heads;
    const activations: Float64Array[] = [];
    let x = tokens.map((id, t) => sum(words[id], places[t]));
    for (let layer = 0; layer < layers; layer++) {
      const at = `${this.prefix}h.${layer}`;
      const { scale, window } = attention[layer];
      const projected = x.map(row => this.project(at, this.norm(`${at}.ln_1`, row)));
      x = x.map((row, t) => {
        const context = new Float64Array(h);
        const first = window === null ? 0 : Math.max(0, t - window + 1);
        for (let head = 0; head < heads; head++) {
          const seen = projected.slice(first, t + 1);
          const scores = seen.map(({ key }) => scale * dot(projected[t].query, key, head * size, size));
          softmax(scores).forEach((weight, s) => {
            for (let i = head * size; i < (head + 1) * size; i++) context[i] += weight * seen[s].value[i];
          });
        }
        return sum(row, this.linear(this.attentionOutput(at), context));
      });
      x = x.map((row, t) => {
        const neurons = this.linear(`${at}.mlp.c_fc`, this.norm(`${at}.ln_2`, row)).map(geluNew);
        if (t === tokens.length - 1) {
          intervene(layer, neurons);
          activations.push(neurons);
        }
        return sum(row, this.linear(`${at}.mlp.c_proj`, neurons));
      });
    }
    const hidden = this.norm(`${this.prefix}ln_f`, x[x.length - 1]);
    const vocabulary = this.config.tiedEmbeddings ? words : this.matrix('lm_head.weight');
    const probabilities = softmax(vocabulary.map(row => dot(hidden, row, 0, h)));
    return { probabilities: Float64Array.from(probabilities), activations };
  }

  private project(at: string, x: Float64Array) {
    const { architecture, hiddenSize: h } = this.config;
    if (architecture === 'gpt_neo') {
      const [query, key, value] = ['q_proj', 'k_proj', 'v_proj'].map(name =>
        this.linear(`${at}.attn.attention.${name}`, x),
      );
      return { query, key, value };
    }
    const all = this.linear(`${at}.attn.c_attn`, x);
    return { query: all.slice(0, h), key: all.slice(h, 2 * h), value: all.slice(2 * h) };
  }

  private attentionOutput(at: string): string {
    return this.config.architecture === 'gpt2' ? `${at}.attn.c_proj` : `${at}.attn.attention.out_proj`;
  }

  /** GPT-2 stores [in][out], GPT-Neo [out][in]. */
  private linear(name: string, x: Float64Array): Float64Array {
    const weight = this.matrix(`${name}.weight`);
    const bias = this.tensors.get(`${name}.bias`)?.[0];
    const out =
      this.config.architecture === 'gpt_neo'
        ? Float64Array.from(weight, row => dot(row, x, 0, x.length))
        : weight.reduce(
            (y, row, i) => y.map((v, o) => v + x[i] * row[o]),
            new Float64Array(weight[0].length),
          );
    return bias ? sum(out, bias) : out;
  }

  private norm(name: string, x: Float64Array): Float64Array {
    const [gamma, beta] = ['weight', 'bias'].map(part => this.matrix(`${name}.${part}`)[0]);
    return normalized(x, gamma, beta, this.config.normEpsilon);
  }

  private matrix(name: string): Matrix {
    const found = this.tensors.get(name);
    if (!found) throw new Error(`no ${name}`);
    return found;
  }
}

export function geluNew(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}
