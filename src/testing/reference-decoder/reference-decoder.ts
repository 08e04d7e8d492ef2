/**
 * Causal models in plain loops and double precision, with no reuse and no tensors: every pass computes every token of every
 * layer. Written from the Python of huggingface/transformers 5.18, a file a model there, and of kn's own code using none
 * that computes or that reads a config.json: what is wrong there is not wrong here too.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Site } from '../../model/language-model.js';
import type { Intervention, ReferencePass } from '../reference-bert.js';
import { softmax } from '../reference-loops.js';
import type { Neurons, ReferenceFamily, ReferenceModel } from './family.js';
import { gemma2 } from './gemma2.js';
import { gptNeox } from './gpt-neox.js';
import { gpt2, gptNeo } from './gpt2.js';
import { gptj } from './gptj.js';
import { llama, mistral, qwen2, qwen3 } from './llama.js';
import { opt } from './opt.js';
import { Settings } from './settings.js';
import { StoredWeights } from './stored-weights.js';

const FAMILIES: Readonly<Record<string, ReferenceFamily>> = {
  gpt2,
  gpt_neo: gptNeo,
  gptj,
  gpt_neox: gptNeox,
  opt,
  llama,
  mistral,
  qwen2,
  qwen3,
  gemma2,
};

export class ReferenceDecoder {
  private constructor(private readonly model: ReferenceModel) {}

  static async load(folder: string): Promise<ReferenceDecoder> {
    const config = new Settings(JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')));
    const family = FAMILIES[config.word('model_type', '')];
    if (!family) throw new Error(`${folder}: no decoder`);
    return new ReferenceDecoder(family(config, await StoredWeights.load(folder)));
  }

  /**
   * A whole forward pass of one prompt.
   * @param intervene changes the activations at the last position, at the site
   * @param site `post`: what the last matrix of a network takes in; `pre`: what its first, or its gate's, gives
   */
  run(
    tokens: readonly number[],
    intervene: Intervention = () => undefined,
    site: Site = 'post',
  ): ReferencePass {
    const { model } = this;
    const activations: Float64Array[] = [];
    let x = model.embed(tokens);
    for (let layer = 0; layer < model.layers; layer++) {
      const neurons: Neurons = (token, gate, activation, up) => {
        const isLast = token === tokens.length - 1;
        const reach = (values: Float64Array) => {
          if (!isLast) return;
          intervene(layer, values);
          activations.push(Float64Array.from(values));
        };
        const [before, after] = [Float64Array.from(gate), new Float64Array(gate.length)];
        if (site === 'pre') reach(before);
        for (let n = 0; n < after.length; n++) after[n] = activation(before[n]) * (up ? up[n] : 1);
        if (site === 'post') reach(after);
        return after;
      };
      x = model.layer(x, layer, neurons);
    }
    const scores = model.scores(x[x.length - 1]);
    return { probabilities: Float64Array.from(softmax([...scores])), activations };
  }
}
