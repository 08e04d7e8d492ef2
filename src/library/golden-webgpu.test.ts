/** In a file of its own: SwiftShader compiles each kernel for each shape, which takes minutes. */
import { startEngine } from '../runtime/engine.js';
import { describeGolden } from '../testing/describe-golden.js';
import { describeOnSwiftShader } from '../testing/swiftshader.js';

describeOnSwiftShader('on the webgpu engine, on SwiftShader', env => {
  describeGolden(async () => {
    Object.assign(process.env, env);
    await startEngine('webgpu');
  });
});
