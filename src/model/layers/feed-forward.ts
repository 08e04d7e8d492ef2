import * as tf from '@tensorflow/tfjs-core';
import type { Site } from '../language-model.js';
import { differentiable } from './differentiable.js';
import { hasFused, runFused } from './fused.js';
import { addWithBias, type LinearWeights, linear, type PlainLinearWeights, product } from './linear.js';
import { concatRows } from './mask-rows.js';
import { type Nonlinearity, nonlinear, valueAndSlope } from './nonlinearity.js';
import { withRows } from './table-rows.js';
import {
  besideTransposed,
  enterTransposed,
  leaveTransposed,
  rowsTransposed,
  throughTransposed,
  throughWeight,
} from './weight-product.js';

/**
 * A transformer's feed-forward network: `intermediate` [hidden, F], the neurons' keys, `output` [F, hidden], their values. A gated one
 * (Shazeer, 2020, https://arxiv.org/abs/2002.05202) has two keys a neuron, gates beside ups, [hidden, 2 F]: what its last matrix
 * takes in is z = f(gate) up, and before the non-linearity, at the site `pre`, is the gate.
 */
export type FeedForwardWeights = {
  readonly intermediate: LinearWeights;
  readonly output: PlainLinearWeights;
  readonly nonlinearity: Nonlinearity;
  readonly gated?: boolean;
};

/** What joins the rows that go through a network on their way. Rows may be in `groups`, each as many: default, one. */
export interface Joining {
  /** Activations after the non-linearity, [groups * b, F], of rows that begin here, behind the others of their group. */
  readonly begun?: tf.Tensor2D | undefined;
  /** Zeros, [groups * p, F], added to the activations at the site of each group's first p rows: for their gradient alone. */
  readonly probe?: tf.Tensor2D | undefined;
  readonly site?: Site;
  readonly groups?: number;
}

/**
 * y = f(x W1 + b1) W2 + b2 + residual. One operation rather than four, so that its backward pass stays transposed from dy to dx, and of
 * all its values keeps f' alone.
 * @param x [groups * r, hidden]
 * @param residual of all rows, those that begin here too
 * @returns [groups * (r + b), hidden]
 */
export function feedForward(
  x: tf.Tensor2D,
  weights: FeedForwardWeights,
  residual: tf.Tensor2D,
  joining?: Joining,
): tf.Tensor2D {
  return throughNetwork(x, weights, residual, joining);
}

/**
 * The same without b2 and residual, which are added by what follows (`addAndNorm`): f(x W1 + b1) W2, what the neurons add up to.
 * @param x [groups * r, hidden]
 * @returns [groups * (r + b), hidden]
 */
export function contributions(x: tf.Tensor2D, weights: FeedForwardWeights, joining?: Joining): tf.Tensor2D {
  return throughNetwork(x, weights, undefined, joining);
}

function throughNetwork(
  x: tf.Tensor2D,
  { intermediate, output, nonlinearity, gated = false }: FeedForwardWeights,
  residual: tf.Tensor2D | undefined,
  { begun, probe, site = 'post', groups = 1 }: Joining = {},
): tf.Tensor2D {
  const inputs = [x, residual, begun, probe].filter(input => input !== undefined);
  const rows = x.shape[0] / groups;
  return differentiable(inputs, save => {
    const { value: own, slopes } = activate(
      nonlinearity,
      throughWeight(x, intermediate),
      intermediate.bias,
      gated,
    );
    save(slopes);
    const activations = begun ? concatRows(own, begun, groups) : own;
    const added = throughWeight(activations, output); // [rows, hidden]
    return {
      value: residual ? addWithBias(added, output.bias, residual) : added,
      gradient: (dy, slopes) => {
        const dAll = throughTransposed(output, enterTransposed(dy));
        const dActivations = begun ? rowsTransposed(dAll, 0, rows, groups) : dAll;
        const dPre = throughSlopes(dActivations, slopes);
        const part = (d: tf.Tensor2D, from: number, { shape }: tf.Tensor2D) =>
          leaveTransposed(rowsTransposed(d, from, shape[0] / groups, groups));
        const gradients = [leaveTransposed(throughTransposed(intermediate, dPre))];
        if (residual) gradients.push(tf.clone(dy));
        if (begun) gradients.push(part(dAll, rows, begun));
        if (probe) {
          const alongGate = () => throughSlopes(dActivations, slopes.slice(0, 1));
          gradients.push(part(site === 'pre' ? alongGate() : dActivations, 0, probe));
        }
        return gradients;
      },
    };
  });
}

interface Activated {
  /** What the last matrix takes in, [rows, F]. */
  readonly value: tf.Tensor2D;
  /** Its slopes along what the first has given: one, or of a gated network that along the gate and that along up. */
  readonly slopes: tf.Tensor2D[];
}

/** Of the activations' gradient that of what the first matrix gave, in the arrangement of `weight-product.ts`. */
function throughSlopes(dActivations: tf.Tensor2D, slopes: readonly tf.Tensor[]): tf.Tensor2D {
  if (slopes.length === 2 && hasFused('KnGateGrad')) {
    const [alongGate, alongUp] = slopes;
    const [dPre] = runFused('KnGateGrad', { dz: dActivations, alongGate, alongUp });
    return dPre;
  }
  return besideTransposed(
    slopes.map(
      (slope): tf.Tensor2D => tf.mul(dActivations, enterTransposed(tf.reshape(slope, [slope.shape[0], -1]))),
    ),
  );
}

/** The native engine's kernels of gated networks. */
const FUSED_GATES: ReadonlyMap<Nonlinearity, string> = new Map([
  ['silu', 'KnSiluGate'],
  ['gelu_new', 'KnGeluNewGate'],
]);

/** @param x [rows, F], or gates beside ups, [rows, 2 F] */
function activate(kind: Nonlinearity, x: tf.Tensor2D, bias: tf.Tensor1D, gated: boolean): Activated {
  if (!gated) {
    const { value, slope } = valueAndSlope(kind, x, bias);
    return { value, slopes: [slope] };
  }
  const fused = FUSED_GATES.get(kind);
  if (fused && hasFused(fused)) {
    const [value, ...slopes] = runFused(fused, { x, bias });
    return { value, slopes };
  }
  const biased: tf.Tensor2D = tf.add(x, bias);
  const width = x.shape[1] / 2;
  const up = columnsOf(biased, width, width);
  const { value, slope } = valueAndSlope(kind, columnsOf(biased, 0, width));
  return { value: tf.mul(value, up), slopes: [tf.mul(slope, up), value] };
}

function columnsOf(x: tf.Tensor2D, from: number, count: number): tf.Tensor2D {
  return tf.slice(x, [0, from], [-1, count]);
}

/** What a network's neurons are at a site, [rows, F]; of a gated one before its non-linearity `up` goes on with it. */
export interface AtSite {
  readonly activations: tf.Tensor2D;
  readonly up?: tf.Tensor2D | undefined;
}

/** The first half of a network that may be gated: x [rows, hidden]. */
export function reachSite(x: tf.Tensor2D, network: FeedForwardWeights, site: Site): AtSite {
  if (!network.gated) return { activations: toActivations(x, network, site) };
  const { intermediate, nonlinearity } = network;
  const both = linear(x, intermediate); // [rows, 2 F]
  const width = both.shape[1] / 2;
  if (site === 'pre')
    return { activations: takeColumns(both, 0, width), up: takeColumns(both, width, width) };
  const activations = differentiable([both], save => {
    const { value, slopes } = activate(nonlinearity, both, tf.zeros([2 * width]), true);
    save(slopes);
    return {
      value,
      gradient: (dy, slopes) => [
        tf.concat(
          slopes.map(slope => tf.mul<tf.Tensor2D>(dy, slope)),
          1,
        ),
      ],
    };
  });
  return { activations };
}

/** What the last matrix takes in, where the site's activations may have been replaced: [rows, F]. */
export function leaveSite({ activations, up }: AtSite, network: FeedForwardWeights, site: Site): tf.Tensor2D {
  const past = pastNonlinearity(activations, network, site);
  return up ? multiply(past, up) : past;
}

/** Columns of x, with a gradient. */
function takeColumns(x: tf.Tensor2D, from: number, count: number): tf.Tensor2D {
  const behind = x.shape[1] - from - count;
  return differentiable([x], () => ({
    value: columnsOf(x, from, count),
    gradient: dy => [
      tf.pad(dy, [
        [0, 0],
        [from, behind],
      ]),
    ],
  }));
}

function multiply(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  return differentiable([a, b], save => {
    save([a, b]);
    return { value: tf.mul(a, b), gradient: (dy, [a, b]) => [tf.mul(dy, b), tf.mul(dy, a)] };
  });
}

/**
 * The first half of the network, up to the site: f(x W1 + b1), or x W1 + b1.
 * @param x [rows, hidden]
 * @returns the activations, [rows, F]
 */
export function toActivations(
  x: tf.Tensor2D,
  { intermediate, nonlinearity }: FeedForwardWeights,
  site: Site,
): tf.Tensor2D {
  if (site === 'pre') return linear(x, intermediate);
  return nonlinear(nonlinearity, product(x, intermediate), intermediate.bias);
}

/**
 * {@link contributions} of what the neurons are at the site: the second half of the network.
 * @param activations [rows, F]
 * @returns [rows, hidden]
 */
export function contributionsOf(
  activations: tf.Tensor2D,
  network: FeedForwardWeights,
  site: Site,
): tf.Tensor2D {
  return product(pastNonlinearity(activations, network, site), network.output);
}

/** What the site's activations [rows, F] are after the non-linearity. */
export function pastNonlinearity(
  activations: tf.Tensor2D,
  { nonlinearity }: FeedForwardWeights,
  site: Site,
): tf.Tensor2D {
  return site === 'pre' ? nonlinear(nonlinearity, activations) : activations;
}

/**
 * The network with other values for some neurons, as a copy; the old output matrix is disposed of.
 * @param values by the neuron's index, [hidden] each
 */
export async function replaceValues(
  network: FeedForwardWeights,
  values: ReadonlyMap<number, Float32Array>,
): Promise<FeedForwardWeights> {
  const { weight, bias } = network.output;
  const output = { weight: await withRows(weight, values), bias };
  weight.dispose();
  return { ...network, output };
}
