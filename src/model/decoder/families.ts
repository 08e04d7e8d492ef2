import type { DecoderFamilyName } from './config.js';
import type { DecoderFamily } from './family.js';
import { gemma2 } from './gemma2.js';
import { gptNeo } from './gpt-neo.js';
import { gptNeox } from './gpt-neox.js';
import { gpt2 } from './gpt2.js';
import { gptj } from './gptj.js';
import { llama } from './llama.js';
import { mistral } from './mistral.js';
import { opt } from './opt.js';
import { qwen2 } from './qwen2.js';
import { qwen3 } from './qwen3.js';

/** By the `model_type` of config.json. */
export const DECODERS: Readonly<Record<DecoderFamilyName, DecoderFamily>> = {
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
