/** Models that kn does not compute: one line each that says what it does. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { parseModelConfig, readModelConfig } from './config.js';

describe('a model is refused', () => {
  it.each([
    ...['albert', 'electra', 'deberta-v2', 't5', 'bart', 'bloom', 'phi', 'phi3', 'falcon', 'gemma', 'gemma3'],
    ...['mixtral', 'qwen3_moe', 'qwen2_vl', 'gpt_bigcode', 'mpt', 'mamba'],
  ])('whose architecture is none that is built: %s', type => {
    const parse = () => parseModelConfig({ model_type: type, hidden_size: 8 }, 'config.json');
    expect(parse).toThrow(UserError);
    expect(parse).toThrow(
      new RegExp(`^config.json: the model's architecture is "${type}"; kn knows "bert", .*"gemma2"$`),
    );
  });

  it('whose weights are quantised', () => {
    const config = { model_type: 'llama', quantization_config: { quant_method: 'gptq', bits: 4 } };
    expect(() => parseModelConfig(config, 'config.json')).toThrow(
      'config.json: has a "quantization_config", and kn reads no quantised weights',
    );
  });

  it('beside which an adapter lies: Python would change its weights by it', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'config.json'), '{"model_type": "llama"}');
    writeFileSync(join(folder, 'adapter_config.json'), '{"peft_type": "LORA"}');
    await expect(readModelConfig(folder)).rejects.toThrow(
      `${join(folder, 'adapter_config.json')}: an adapter (LoRA) changes another model's weights`,
    );
  });
});
