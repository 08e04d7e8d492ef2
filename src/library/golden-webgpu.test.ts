/** In a file of its own: SwiftShader takes minutes, most of them to compute. */
import { startEngine } from '../runtime/engine.js';
import { describeGolden } from '../testing/describe-golden.js';
import { describeOnSwiftShader } from '../testing/swiftshader.js';

describeOnSwiftShader('on the webgpu engine, on SwiftShader', env => {
  const start = async () => {
    Object.assign(process.env, env);
    await startEngine('webgpu');
  };
  describeGolden(start, { searches: 'once' });
});
