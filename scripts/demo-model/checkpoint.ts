import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { type TensorToWrite, writeSafetensors } from '../../src/model/checkpoint/write-safetensors.js';
import { type Network, SHAPE } from './network.js';

/** Writes config.json and model.safetensors (F16) as `BertForMaskedLM.save_pretrained` names them. */
export async function saveNetwork(folder: string, network: Network, vocabularySize: number): Promise<void> {
  const { hidden, intermediate } = SHAPE;
  const tensors: TensorToWrite[] = [];
  const add = (name: string, shape: number[], values: () => Float32Array) =>
    tensors.push({ name, shape, dtype: 'F16', values });
  const matrix = (name: string, tensor: tf.Tensor2D) =>
    add(name, tensor.shape, () => tensor.dataSync<'float32'>());
  const constant = (name: string, size: number, value: number) =>
    add(name, [size], () => new Float32Array(size).fill(value));
  /** PyTorch stores [out, in]. */
  const linear = (name: string, weight: tf.Tensor2D) => {
    const [input, output] = weight.shape;
    add(`${name}.weight`, [output, input], () => tf.tidy(() => tf.transpose(weight).dataSync<'float32'>()));
    constant(`${name}.bias`, output, 0);
  };
  const norm = (name: string) => {
    constant(`${name}.weight`, hidden, 1);
    constant(`${name}.bias`, hidden, 0);
  };

  matrix('bert.embeddings.word_embeddings.weight', network.wordEmbeddings);
  matrix('bert.embeddings.position_embeddings.weight', network.positionEmbeddings);
  add('bert.embeddings.token_type_embeddings.weight', [2, hidden], () => new Float32Array(2 * hidden));
  norm('bert.embeddings.LayerNorm');
  for (const [index, layer] of network.layers.entries()) {
    const at = `bert.encoder.layer.${index}`;
    linear(`${at}.attention.self.query`, layer.query);
    linear(`${at}.attention.self.key`, layer.key);
    linear(`${at}.attention.self.value`, layer.value);
    linear(`${at}.attention.output.dense`, layer.attentionOutput);
    norm(`${at}.attention.output.LayerNorm`);
    linear(`${at}.intermediate.dense`, layer.intermediate);
    linear(`${at}.output.dense`, layer.output);
    norm(`${at}.output.LayerNorm`);
  }
  linear('cls.predictions.transform.dense', network.transform);
  norm('cls.predictions.transform.LayerNorm');
  constant('cls.predictions.bias', vocabularySize, 0);

  mkdirSync(folder, { recursive: true });
  await writeSafetensors(join(folder, 'model.safetensors'), tensors);
  const config = {
    architectures: ['BertForMaskedLM'],
    model_type: 'bert',
    hidden_size: hidden,
    intermediate_size: intermediate,
    num_hidden_layers: SHAPE.layers,
    num_attention_heads: SHAPE.heads,
    vocab_size: vocabularySize,
    max_position_embeddings: SHAPE.positions,
    type_vocab_size: 2,
    hidden_act: 'gelu',
    layer_norm_eps: 1e-12,
    attention_probs_dropout_prob: 0,
    hidden_dropout_prob: 0,
    tie_word_embeddings: true,
    pad_token_id: 0,
  };
  writeFileSync(join(folder, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
}
