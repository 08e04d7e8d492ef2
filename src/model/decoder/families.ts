import type { DecoderFamilyName } from './config.js';
import type { DecoderFamily } from './family.js';
import { gptNeo } from './gpt-neo.js';
import { gpt2 } from './gpt2.js';
import { llama } from './llama.js';
import { mistral } from './mistral.js';
import { qwen2 } from './qwen2.js';

/** By the `model_type` of config.json. */
export const DECODERS: Readonly<Record<DecoderFamilyName, DecoderFamily>> = {
  gpt2,
  gpt_neo: gptNeo,
  llama,
  qwen2,
  mistral,
};
