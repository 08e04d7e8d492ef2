import * as tf from '@tensorflow/tfjs-core';

/** What is used of tfjs-node's backend. */
export interface OperationRunner {
  /** @returns one for each output */
  executeMultipleOutputs(
    name: string,
    attributes: readonly { name: string; type: number; value: number }[],
    inputs: readonly tf.TensorInfo[],
    outputs: number,
  ): tf.TensorInfo[];
}

/** TF_ATTR_FLOAT of libtensorflow's tf_attrtype.h. */
const FLOAT_ATTRIBUTE = 2;

interface FusedKernel {
  readonly inputs: readonly string[];
  readonly attributes: readonly string[];
  readonly outputs: number;
}

/** The operations of native/kernels.cc. */
const FUSED: Readonly<Record<string, FusedKernel>> = {
  KnGelu: { inputs: ['x', 'bias'], attributes: [], outputs: 2 },
  KnAddNorm: { inputs: ['x', 'residual', 'gamma', 'beta'], attributes: ['epsilon'], outputs: 3 },
  KnNormGrad: { inputs: ['dy', 'unit', 'inverse', 'gamma'], attributes: [], outputs: 1 },
};

/** Makes them known to tfjs, which model/layers/ asks for kernels by these names. */
export function registerFusedKernels(backend: OperationRunner): void {
  for (const [kernelName, { inputs: names, attributes, outputs }] of Object.entries(FUSED)) {
    tf.registerKernel({
      kernelName,
      backendName: 'tensorflow',
      kernelFunc: ({ inputs, attrs }) =>
        backend.executeMultipleOutputs(
          kernelName,
          attributes.map(name => ({ name, type: FLOAT_ATTRIBUTE, value: Number(attrs?.[name]) })),
          names.map(name => inputs[name] ?? missing(kernelName, name)),
          outputs,
        ),
    });
  }
}

function missing(kernel: string, input: string): never {
  throw new Error(`${kernel} was called without ${input}`);
}
