import * as tf from '@tensorflow/tfjs-core';
import { ENGINES } from '../runtime/engine-names.js';
import { checkEngineHolds } from '../runtime/worker-plan.js';
import { Checkpoint } from './checkpoint/checkpoint.js';
import { baseName, type ModelConfig, parameterCount, readModelConfig } from './config.js';
import { DecoderModel } from './decoder/model.js';
import { isEncoder } from './encoder/config.js';
import { EncoderModel } from './encoder/model.js';
import type { LanguageModel } from './language-model.js';
import { loadTokenizer } from './tokenizer/load-tokenizer.js';
import type { Tokenizer } from './tokenizer/tokenizer.js';

export interface LoadedModel {
  readonly model: LanguageModel;
  readonly tokenizer: Tokenizer;
  /** What people should know of its files. */
  readonly notices?: readonly string[];
}

/**
 * Loads a model and its tokenizer from a folder in the Hugging Face layout onto the running engine.
 * @throws UserError where the folder does not hold a model that kn can compute
 */
export async function loadModel(folder: string): Promise<LoadedModel> {
  const config = await readModelConfig(folder);
  const tokenizer = await loadTokenizer(folder, config);
  const notices: string[] = [];
  const model = await loadWeights(folder, config, text => notices.push(text));
  return { model, tokenizer, notices };
}

/**
 * The model without its tokenizer.
 * @param onNotice told what people should know of the weights
 * @throws UserError where the running engine holds none so large, or a tensor is not what `config` makes it
 */
export async function loadWeights(
  folder: string,
  config: ModelConfig,
  onNotice: (text: string) => void = () => undefined,
): Promise<LanguageModel> {
  const running = ENGINES.find(name => name === tf.getBackend());
  if (running) checkEngineHolds(running, parameterCount(config));
  const checkpoint = await Checkpoint.open(folder, baseName(config));
  try {
    const model = isEncoder(config)
      ? await EncoderModel.load(checkpoint, config)
      : await DecoderModel.load(checkpoint, config);
    checkpoint.notices.forEach(onNotice);
    return model;
  } finally {
    await checkpoint.close();
  }
}
