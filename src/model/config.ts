import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../errors.js';
import { nameIsTaken, readJsonFile } from '../files.js';
import { countDecoderParameters, DECODER_FAMILIES, type DecoderConfig } from './decoder/config.js';
import { DECODERS } from './decoder/families.js';
import { countEncoderParameters, ENCODER_FAMILIES, type EncoderConfig, isEncoder } from './encoder/config.js';
import { ENCODERS } from './encoder/families.js';

export type ModelConfig = EncoderConfig | DecoderConfig;

type Parser = (json: unknown, path: string) => ModelConfig;

const PARSERS: ReadonlyMap<string, Parser> = new Map<string, Parser>([
  ...ENCODER_FAMILIES.map(name => [name, ENCODERS[name].parseConfig] as const),
  ...DECODER_FAMILIES.map(name => [name, DECODERS[name].parseConfig] as const),
]);

/**
 * @param json what config.json holds
 * @throws UserError, naming `path` and the field, where it is not a model that kn computes exactly
 */
export function parseModelConfig(json: unknown, path: string): ModelConfig {
  const type = z.object({ model_type: z.string() }).safeParse(json);
  if (!type.success) throw new UserError(`${path}: no "model_type": not the config.json of a transformer`);
  const parse = PARSERS.get(type.data.model_type);
  if (typeof json === 'object' && json !== null && 'quantization_config' in json)
    throw new UserError(
      `${path}: has a "quantization_config", and kn reads no quantised weights`,
      'Choose the model in F64, F32, F16 or BF16.',
    );
  if (parse) return parse(json, path);
  throw new UserError(
    `${path}: the model's architecture is "${type.data.model_type}"; kn knows ${[...PARSERS.keys()].map(name => `"${name}"`).join(', ')}`,
    'Choose one of these with its language-model head, or --model demo.',
  );
}

/** The measures of the model in `folder`, from its config.json. */
export async function readModelConfig(folder: string): Promise<ModelConfig> {
  const path = join(folder, 'config.json');
  const adapter = join(folder, 'adapter_config.json');
  if (await nameIsTaken(adapter))
    throw new UserError(
      `${adapter}: an adapter (LoRA) changes another model's weights, and kn reads whole models`,
      'Merge them in Python: peft, PeftModel.from_pretrained(...).merge_and_unload().save_pretrained(FOLDER).',
    );
  const remedy = 'A model is a folder in the Hugging Face layout: config.json, weights, tokenizer.';
  return parseModelConfig(await readJsonFile(path, remedy), path);
}

/** How many numbers the weights are. */
export function parameterCount(config: ModelConfig): number {
  return isEncoder(config) ? countEncoderParameters(config) : countDecoderParameters(config);
}

/** What the names of the bare model's tensors begin with, without its head: its `base_model_prefix` in transformers. */
export function baseName(config: ModelConfig): string {
  return (isEncoder(config) ? ENCODERS[config.architecture] : DECODERS[config.architecture]).base;
}
