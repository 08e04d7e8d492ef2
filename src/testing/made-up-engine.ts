/** An engine as `kn setup tensorflow --cuda` leaves it, but that the parts which are not ours only say what a test wants. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ADDON,
  HOST_TFJS,
  KERNELS_ADDON,
  manifestOf,
  STDERR_ADDON,
  TFJS_NODE,
} from '../runtime/engines/installed-tensorflow.js';
import { compileAddon, compilePreload, findCompiler } from '../setup/compile-addons.js';
import { temporaryFolder } from './temporary-folder.js';

/** Stands for libtensorflow and tfjs-node's addon: a version, whether it uses a GPU (MADE_UP_GPU), and a signal that ends who loads it (MADE_UP_END). */
const BINDING = `
#include <node_api.h>
#include <csignal>
#include <cstdlib>
#include <cstring>
static napi_value IsUsingGpuDevice(napi_env env, napi_callback_info) {
  napi_value result;
  napi_get_boolean(env, getenv("MADE_UP_GPU") != nullptr, &result);
  return result;
}
NAPI_MODULE_INIT() {
  napi_value value;
  if (const char* signal = getenv("MADE_UP_END")) raise(atoi(signal));
  const char* tf32 = getenv("NVIDIA_TF32_OVERRIDE");
  const bool ready = getenv("TF_FORCE_GPU_ALLOW_GROWTH") && tf32 && strcmp(tf32, "0") == 0;
  napi_create_string_utf8(env, ready ? "2.99.0" : "of an environment that is not for CUDA", NAPI_AUTO_LENGTH, &value);
  napi_set_named_property(env, exports, "TF_Version", value);
  napi_create_function(env, "isUsingGpuDevice", NAPI_AUTO_LENGTH, IsUsingGpuDevice, nullptr, &value);
  napi_set_named_property(env, exports, "isUsingGpuDevice", value);
  napi_create_function(env, "mute", NAPI_AUTO_LENGTH, IsUsingGpuDevice, nullptr, &value);
  napi_set_named_property(env, exports, "mute", value);
  napi_set_named_property(env, exports, "unmute", value);
  return exports;
}
`;

/**
 * The part of tfjs-node that the engine reads, and enough of a backend for a product of two matrices: MADE_UP_PRODUCT has it
 * come out as all zeros, or fail.
 */
const BACKEND = `
const tf = globalThis.${HOST_TFJS};
exports.NodeJSKernelBackend = class extends tf.KernelBackend {
  values = new Map();
  constructor(binding) {
    super();
    this.isUsingGpuDevice = binding.isUsingGpuDevice();
  }
  write(values) {
    const dataId = {};
    this.values.set(dataId, values);
    return dataId;
  }
  async read(dataId) {
    return this.values.get(dataId);
  }
  disposeData(dataId) {
    return this.values.delete(dataId);
  }
  numDataIds() {
    return this.values.size;
  }
  dispose() {}
};
tf.registerKernel({
  kernelName: 'BatchMatMul',
  backendName: 'tensorflow',
  kernelFunc: ({ inputs: { a, b }, backend }) => {
    if (process.env.MADE_UP_PRODUCT === 'fails') throw new TypeError('util_1.isNullOrUndefined is not a function');
    const [rows, inner, columns] = [...a.shape, b.shape[1]];
    const [left, right] = [backend.values.get(a.dataId), backend.values.get(b.dataId)];
    const product = new Float32Array(rows * columns);
    if (process.env.MADE_UP_PRODUCT !== 'zeros')
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++)
          for (let i = 0; i < inner; i++)
            product[row * columns + column] += left[row * inner + i] * right[i * columns + column];
    return { dataId: backend.write(product), shape: [rows, columns], dtype: 'float32' };
  },
});
`;

export interface MadeUpEngine {
  /** As KN_DATA names it. */
  readonly data: string;
  readonly engine: string;
}

/**
 * @param kernels whether our own kernels are there; where not, an engine that asks for them does not start
 * @param cuda whether it is for CUDA; where not, as `kn setup tensorflow` leaves it without --cuda
 */
export async function madeUpEngine({
  kernels,
  cuda = true,
}: {
  readonly kernels: boolean;
  readonly cuda?: boolean;
}): Promise<MadeUpEngine> {
  const data = temporaryFolder();
  const engine = join(data, 'engines', 'tensorflow');
  const dist = join(engine, 'node_modules', TFJS_NODE, 'dist');
  mkdirSync(dist, { recursive: true });
  writeFileSync(join(dist, 'register_all_kernels.js'), '');
  writeFileSync(join(dist, 'nodejs_kernel_backend.js'), BACKEND);
  const source = join(data, 'binding.cc');
  writeFileSync(source, BINDING);
  const compiler = await findCompiler();
  const names = [ADDON, STDERR_ADDON, ...(kernels ? [KERNELS_ADDON] : [])];
  for (const name of names) await compileAddon(compiler, [source, '-o', join(engine, name)]);
  await compilePreload(compiler, engine);
  const facts = { tfjsNode: '4.22.0', from: 'pypi', sha256: null, compiler: 'x', installed: 'x' };
  writeFileSync(join(engine, 'engine.json'), JSON.stringify(manifestOf({ ...facts, cuda, cudaWheels: [] })));
  return { data, engine };
}
