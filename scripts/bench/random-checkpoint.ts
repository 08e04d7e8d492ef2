import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TensorToWrite, writeSafetensors } from '../../src/model/write-safetensors.js';
import { normal } from '../random.js';

/** bert-base-uncased's config.json, the part that decides shapes. */
export const BERT_BASE = {
  model_type: 'bert',
  hidden_size: 768,
  intermediate_size: 3072,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  vocab_size: 30522,
  max_position_embeddings: 512,
  type_vocab_size: 2,
  hidden_act: 'gelu',
};

/** Writes a BERT checkpoint with random weights: config.json and model.safetensors, F32. */
export async function writeRandomCheckpoint(folder: string, config: typeof BERT_BASE): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const { hidden_size: h, intermediate_size: f, vocab_size: v } = config;
  const tensors: TensorToWrite[] = [];
  const add = (name: string, shape: number[], values: () => Float32Array) =>
    tensors.push({ name, shape, dtype: 'F32', values });
  const random = (name: string, shape: number[]) => {
    const seed = tensors.length + 1;
    const size = shape.reduce((product, n) => product * n, 1);
    add(name, shape, () => normal(size, seed, 0.02)); // BERT's initializer_range
  };
  const linear = (name: string, out: number, input: number) => {
    random(`${name}.weight`, [out, input]);
    random(`${name}.bias`, [out]);
  };
  const norm = (name: string) => {
    add(`${name}.weight`, [h], () => new Float32Array(h).fill(1));
    add(`${name}.bias`, [h], () => new Float32Array(h));
  };
  random('bert.embeddings.word_embeddings.weight', [v, h]);
  random('bert.embeddings.position_embeddings.weight', [config.max_position_embeddings, h]);
  random('bert.embeddings.token_type_embeddings.weight', [config.type_vocab_size, h]);
  norm('bert.embeddings.LayerNorm');
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const at = `bert.encoder.layer.${layer}`;
    for (const part of ['query', 'key', 'value']) linear(`${at}.attention.self.${part}`, h, h);
    linear(`${at}.attention.output.dense`, h, h);
    norm(`${at}.attention.output.LayerNorm`);
    linear(`${at}.intermediate.dense`, f, h);
    linear(`${at}.output.dense`, h, f);
    norm(`${at}.output.LayerNorm`);
  }
  linear('cls.predictions.transform.dense', h, h);
  norm('cls.predictions.transform.LayerNorm');
  random('cls.predictions.bias', [v]);
  await writeSafetensors(join(folder, 'model.safetensors'), tensors);
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config, null, 2));
}
