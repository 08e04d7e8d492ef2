import { Checkpoint } from './checkpoint/checkpoint.js';
import { type ModelConfig, readModelConfig } from './config.js';
import { DecoderModel } from './decoder/model.js';
import { isEncoder } from './encoder/config.js';
import { EncoderModel } from './encoder/model.js';
import type { LanguageModel } from './language-model.js';
import { loadTokenizer } from './tokenizer/load-tokenizer.js';
import type { Tokenizer } from './tokenizer/tokenizer.js';

export interface LoadedModel {
  readonly model: LanguageModel;
  readonly tokenizer: Tokenizer;
}

/**
 * Loads a model and its tokenizer from a folder in the Hugging Face layout onto the running engine.
 * @throws UserError where the folder does not hold a model that kn can compute
 */
export async function loadModel(folder: string): Promise<LoadedModel> {
  const config = await readModelConfig(folder);
  const tokenizer = await loadTokenizer(folder, config);
  return { model: await loadWeights(folder, config), tokenizer };
}

/** The model without its tokenizer. */
export async function loadWeights(folder: string, config: ModelConfig): Promise<LanguageModel> {
  const checkpoint = await Checkpoint.open(folder);
  try {
    return isEncoder(config)
      ? await EncoderModel.load(checkpoint, config)
      : await DecoderModel.load(checkpoint, config);
  } finally {
    await checkpoint.close();
  }
}
