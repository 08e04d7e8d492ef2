/** Every non-linearity against what PyTorch says of it, and each slope against central differences of the same formulas in doubles. */
import { beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../../runtime/engine.js';
import { enginesHere } from '../../testing/engines.js';
import { expectAgreement, tensor, values } from '../../testing/layer-agreement.js';
import { gelu, geluNew } from '../../testing/reference-loops.js';
import { NONLINEARITY_NAMES, nonlinear } from './nonlinearity.js';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** In plain doubles, after transformers' activations.py. */
const REFERENCES: Readonly<Record<string, (x: number) => number>> = {
  gelu,
  gelu_python: gelu,
  gelu_new: geluNew,
  gelu_fast: x => 0.5 * x * (1 + Math.tanh(x * 0.7978845608 * (1 + 0.044715 * x * x))),
  gelu_accurate: geluNew,
  gelu_pytorch_tanh: geluNew,
  gelu_python_tanh: geluNew,
  gelu_10: x => Math.max(-10, Math.min(10, gelu(x))),
  quick_gelu: x => x * sigmoid(1.702 * x),
  silu: x => x * sigmoid(x),
  swish: x => x * sigmoid(x),
  mish: x => x * Math.tanh(Math.log1p(Math.exp(x))),
  hardswish: x => (x * Math.max(0, Math.min(6, x + 3))) / 6,
  relu: x => Math.max(x, 0),
  relu2: x => Math.max(x, 0) ** 2,
  relu6: x => Math.max(0, Math.min(6, x)),
  leaky_relu: x => (x > 0 ? x : 0.01 * x),
  sigmoid,
  tanh: Math.tanh,
  linear: x => x,
};

/** At -11, -3, -1, -0.2, 0.3, 0.7, 2, 5, 12: what transformers 5.18 gives in float64, `ACT2FN[name](torch.tensor(x, dtype=torch.float64))`. */
const POINTS = [-11, -3, -1, -0.2, 0.3, 0.7, 2, 5, 12];
const PYTHON: Readonly<Record<string, readonly number[]>> = {
  gelu: [
    0, -0.00404969409489, -0.158655253931, -0.0841480581122, 0.185373426657, 0.530625443444, 1.9544997361,
    4.99999856674, 12.0,
  ],
  gelu_python: [
    0, -0.00404969409489, -0.158655253931, -0.0841480581122, 0.185373426657, 0.530625443444, 1.9544997361,
    4.99999856674, 12.0,
  ],
  gelu_new: [
    0, -0.00363739208177, -0.158808009392, -0.0841485702179, 0.185370923543, 0.530570134705, 1.95459769409,
    4.99999977082, 12.0,
  ],
  gelu_fast: [
    0, -0.00363739208186, -0.158808009393, -0.0841485702179, 0.185370923543, 0.530570134705, 1.95459769409,
    4.99999977082, 12.0,
  ],
  gelu_accurate: [
    0, -0.00363739208177, -0.158808009392, -0.0841485702179, 0.185370923543, 0.530570134705, 1.95459769409,
    4.99999977082, 12.0,
  ],
  gelu_pytorch_tanh: [
    0, -0.00363739208177, -0.158808009392, -0.0841485702179, 0.185370923543, 0.530570134705, 1.95459769409,
    4.99999977082, 12.0,
  ],
  gelu_python_tanh: [
    0, -0.00363739208177, -0.158808009392, -0.0841485702179, 0.185370923543, 0.530570134705, 1.95459769409,
    4.99999977082, 12.0,
  ],
  gelu_10: [
    0, -0.00404969409489, -0.158655253931, -0.0841480581122, 0.185373426657, 0.530625443444, 1.9544997361,
    4.99999856674, 10.0,
  ],
  quick_gelu: [
    -8.13825683748e-8, -0.0180713097078, -0.154204234067, -0.0831424631111, 0.187484135382, 0.536893951723,
    1.93565862314, 4.99899298373, 11.9999999838,
  ],
  silu: [
    -0.000183715640329, -0.142277619533, -0.26894142137, -0.0900332005375, 0.172332755043, 0.467731440518,
    1.76159415596, 4.96653574538, 11.9999262699,
  ],
  swish: [
    -0.000183715640329, -0.142277619533, -0.26894142137, -0.0900332005375, 0.172332755043, 0.467731440518,
    1.76159415596, 4.96653574538, 11.9999262699,
  ],
  mish: [
    -0.000183717174485, -0.145647461276, -0.303401461374, -0.107144780868, 0.208001372348, 0.561148377644,
    1.94395895953, 4.99955207753, 11.9999999991,
  ],
  hardswish: [0, 0, -0.333333333333, -0.0933333333333, 0.165, 0.431666666667, 1.66666666667, 5.0, 12.0],
  relu: [0, 0, 0, 0, 0.3, 0.7, 2.0, 5.0, 12.0],
  relu2: [0, 0, 0, 0, 0.09, 0.49, 4.0, 25.0, 144.0],
  relu6: [0, 0, 0, 0, 0.3, 0.7, 2.0, 5.0, 6.0],
  leaky_relu: [-0.11, -0.03, -0.01, -0.002, 0.3, 0.7, 2.0, 5.0, 12.0],
  sigmoid: [
    1.67014218481e-5, 0.0474258731776, 0.26894142137, 0.450166002688, 0.574442516812, 0.668187772168,
    0.880797077978, 0.993307149076, 0.999993855825,
  ],
  tanh: [
    -0.999999999442, -0.995054753687, -0.761594155956, -0.197375320225, 0.291312612452, 0.604367777117,
    0.964027580076, 0.999909204263, 0.999999999924,
  ],
  linear: [-11.0, -3.0, -1.0, -0.2, 0.3, 0.7, 2.0, 5.0, 12.0],
};

it('all names have a reference', () => {
  expect(Object.keys(REFERENCES).sort()).toEqual([...NONLINEARITY_NAMES.keys()].sort());
});

it.each(Object.keys(REFERENCES))('the reference of %s is what transformers computes', name => {
  expect(Object.keys(PYTHON)).toContain(name);
  PYTHON[name].forEach((expected, i) => {
    expect(REFERENCES[name](POINTS[i])).toBeCloseTo(expected, 9);
  });
});

describe.each(await enginesHere())('on the %s engine', engine => {
  beforeAll(async () => {
    await startEngine(engine);
  });

  it.each([...NONLINEARITY_NAMES])('%s is %s, with its slope', (name, kind) => {
    // None lies where a slope jumps.
    const x = values(60, 4, 13);
    expectAgreement(
      x => nonlinear(kind, x),
      x => x.map(REFERENCES[name]),
      x,
      3,
    );
  });

  it.each([...NONLINEARITY_NAMES.values()])('%s stays finite far from 0', kind => {
    const far = nonlinear(kind, tensor(Float64Array.from([-1e4, -120, 120, 1e4]), 1)).dataSync();
    expect([...far].every(Number.isFinite)).toBe(true);
  });
});
