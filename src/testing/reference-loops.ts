/** What the reference models are made of: plain loops over doubles. */

export type Matrix = Float64Array[]; // rows

/** x Phi(x). */
export function gelu(x: number): number {
  return x * normalCdf(x);
}

/** The normal distribution function to about 1e-15: its series near 0, its continued fraction in the tails. */
export function normalCdf(x: number): number {
  if (Math.abs(x) > 6) {
    let fraction = 0;
    for (let k = 60; k > 0; k--) fraction = k / (Math.abs(x) + fraction);
    const tail = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI) / (Math.abs(x) + fraction);
    return x > 0 ? 1 - tail : tail;
  }
  let term = x;
  let series = x;
  for (let k = 1; Math.abs(term) > 1e-18 && k < 200; k++) {
    term *= (x * x) / (2 * k + 1);
    series += term;
  }
  return 0.5 + (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * series;
}

export function dot(a: Float64Array, b: Float64Array, from: number, length: number): number {
  let total = 0;
  for (let i = from; i < from + length; i++) total += a[i] * b[i];
  return total;
}

export function sum(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value + b[i]);
}

export function softmax(scores: readonly number[]): number[] {
  const largest = scores.reduce((a, b) => Math.max(a, b));
  const exponentials = scores.map(score => Math.exp(score - largest));
  const total = exponentials.reduce((a, b) => a + b);
  return exponentials.map(value => value / total);
}

/** Layer normalisation of one row. */
export function normalized(
  x: Float64Array,
  gamma: Float64Array,
  beta: Float64Array,
  epsilon: number,
): Float64Array {
  const mean = x.reduce((a, b) => a + b) / x.length;
  const variance = x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length;
  return x.map((value, i) => ((value - mean) / Math.sqrt(variance + epsilon)) * gamma[i] + beta[i]);
}

/** Its approximation by tanh. */
export function geluNew(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
}

/** Root mean square normalisation of one row. */
export function rmsNormalized(x: Float64Array, gamma: Float64Array, epsilon: number): Float64Array {
  const square = x.reduce((total, value) => total + value * value, 0) / x.length;
  return x.map((value, i) => (value / Math.sqrt(square + epsilon)) * gamma[i]);
}
