/** In a file of its own: SwiftShader takes minutes, most of them to compute. */
import { startEngine } from '../runtime/engine.js';
import { describeGolden } from '../testing/describe-golden.js';
import {
  GOLDEN_BERT,
  GOLDEN_GPT_NEO,
  GOLDEN_GPT2,
  GOLDEN_LLAMAS,
  GOLDEN_ROBERTA,
} from '../testing/shared.js';
import { describeOnSwiftShader } from '../testing/swiftshader.js';

describeOnSwiftShader('on the webgpu engine, on SwiftShader', env => {
  const start = async () => {
    Object.assign(process.env, env);
    await startEngine('webgpu');
  };
  // One of those that differ in their configuration alone.
  const models = [GOLDEN_BERT, GOLDEN_GPT2, GOLDEN_GPT_NEO, GOLDEN_LLAMAS[0], GOLDEN_ROBERTA];
  describeGolden(start, { searches: 'once', models });
});
