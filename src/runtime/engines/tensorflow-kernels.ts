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

/** Of libtensorflow's tf_attrtype.h: TF_ATTR_INT, TF_ATTR_FLOAT. */
const INTEGER_ATTRIBUTE = 1;
const FLOAT_ATTRIBUTE = 2;

interface FusedKernel {
  readonly inputs: readonly string[];
  readonly attributes: readonly string[];
  readonly integers?: readonly string[];
  readonly outputs: number;
}

/** The operations of native/kernels.cc. */
const FUSED: Readonly<Record<string, FusedKernel>> = {
  KnGelu: { inputs: ['x', 'bias'], attributes: [], outputs: 2 },
  KnGeluNew: { inputs: ['x', 'bias'], attributes: [], outputs: 2 },
  KnAddBiasNorm: { inputs: ['x', 'bias', 'residual', 'gamma', 'beta'], attributes: ['epsilon'], outputs: 3 },
  KnNorm: { inputs: ['x', 'gamma', 'beta'], attributes: ['epsilon'], outputs: 3 },
  KnAddWithBias: { inputs: ['x', 'bias', 'residual'], attributes: [], outputs: 1 },
  KnAnswer: { inputs: ['scores', 'answers'], attributes: [], outputs: 3 },
  KnMixedCachedAttention: { inputs: ['inputs', 'keys', 'values', 'seen'], attributes: ['scale'], outputs: 2 },
  KnMixedCachedAttentionGrad: {
    inputs: ['dContext', 'inputs', 'weights', 'keys', 'values', 'seen'],
    attributes: ['scale'],
    outputs: 1,
  },
  KnMixedAttention: {
    inputs: ['query', 'keyValue', 'lengths'],
    attributes: ['scale'],
    integers: ['heads'],
    outputs: 2,
  },
  KnMixedAttentionGrad: {
    inputs: ['dContext', 'query', 'keyValue', 'lengths', 'weights'],
    attributes: ['scale'],
    integers: ['heads'],
    outputs: 2,
  },
  KnSiluGate: { inputs: ['x', 'bias'], attributes: [], outputs: 3 },
  KnGeluNewGate: { inputs: ['x', 'bias'], attributes: [], outputs: 3 },
  KnGateGrad: { inputs: ['dz', 'alongGate', 'alongUp'], attributes: [], outputs: 1 },
  KnRmsNorm: { inputs: ['x', 'gamma'], attributes: ['epsilon'], outputs: 3 },
  KnRmsNormGrad: { inputs: ['dy', 'unit', 'inverse', 'gamma'], attributes: [], outputs: 1 },
  KnArrangeHeads: {
    inputs: ['inputs', 'cos', 'sin'],
    attributes: [],
    integers: ['heads', 'sharing'],
    outputs: 1,
  },
  KnArrangeHeadsGrad: {
    inputs: ['dOutputs', 'cos', 'sin'],
    attributes: [],
    integers: ['heads', 'sharing'],
    outputs: 1,
  },
  KnNormGrad: { inputs: ['dy', 'unit', 'inverse', 'gamma'], attributes: [], outputs: 1 },
};

/** What an addon has that does not say so: those of before it did. */
const FIRST_OPERATIONS = ['KnGelu', 'KnNormGrad'];

/**
 * Makes them known to tfjs, which model/layers/ asks for kernels by these names.
 * @param operations that the addon has: one that an earlier version of kn set up has fewer, and is used without them
 * @returns the kernels that it lacks
 */
export function registerFusedKernels(
  backend: OperationRunner,
  operations: readonly string[] = FIRST_OPERATIONS,
): string[] {
  for (const [kernelName, { inputs: names, attributes, integers = [], outputs }] of Object.entries(FUSED)) {
    if (!operations.includes(kernelName)) continue;
    tf.registerKernel({
      kernelName,
      backendName: 'tensorflow',
      kernelFunc: ({ inputs, attrs }) =>
        backend.executeMultipleOutputs(
          kernelName,
          [
            ...integers.map(name => ({ name, type: INTEGER_ATTRIBUTE, value: Number(attrs?.[name]) })),
            ...attributes.map(name => ({ name, type: FLOAT_ATTRIBUTE, value: Number(attrs?.[name]) })),
          ],
          names.map(name => inputs[name] ?? missing(kernelName, name)),
          outputs,
        ),
    });
  }
  return Object.keys(FUSED).filter(name => !operations.includes(name));
}

function missing(kernel: string, input: string): never {
  throw new Error(`${kernel} was called without ${input}`);
}
