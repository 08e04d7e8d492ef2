/** In a file of its own: SwiftShader takes minutes, most of them to compute. */
import { basename } from 'node:path';
import { startEngine } from '../runtime/engine.js';
import { describeGolden } from '../testing/describe-golden.js';
import { GOLDEN_BERT, GOLDEN_DECODERS, GOLDEN_GPT2, GOLDEN_ROBERTA } from '../testing/shared.js';
import { describeOnSwiftShader } from '../testing/swiftshader.js';

/** A Llama stands for those that differ in their configuration alone. */
const isAlone = (folder: string) => ['llama-tiny-random', 'gpt-neox-tiny-random'].includes(basename(folder));

describeOnSwiftShader('on the webgpu engine, on SwiftShader', env => {
  const start = async () => {
    Object.assign(process.env, env);
    await startEngine('webgpu');
  };
  const models = [GOLDEN_BERT, GOLDEN_ROBERTA, GOLDEN_GPT2, ...GOLDEN_DECODERS.filter(isAlone)];
  describeGolden(start, { searches: 'once', models });
});
