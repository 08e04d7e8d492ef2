import { readBertConfig } from './bert/config.js';
import { BertModel } from './bert/model.js';
import { Checkpoint } from './checkpoint.js';
import type { LanguageModel } from './language-model.js';
import { loadTokenizer, type Tokenizer } from './tokenizer.js';

export interface LoadedModel {
  readonly model: LanguageModel;
  readonly tokenizer: Tokenizer;
}

/**
 * Loads a model and its tokenizer from a folder in the Hugging Face layout onto the running engine.
 * @throws UserError where the folder does not hold a model that kn can compute
 */
export async function loadModel(folder: string): Promise<LoadedModel> {
  const config = await readBertConfig(folder);
  const tokenizer = await loadTokenizer(folder, config.vocabularySize);
  const checkpoint = await Checkpoint.open(folder);
  try {
    return { model: await BertModel.load(checkpoint, config), tokenizer };
  } finally {
    await checkpoint.close();
  }
}
