/**
 * The gradient of f at x by central differences in double precision. With this step the truncation and the rounding
 * error are both near 1e-9 for functions of order 1.
 */
export function gradientOf(
  f: (x: Float64Array) => number,
  x: Float64Array,
  indices?: readonly number[],
): number[] {
  const step = 1e-5;
  return (indices ?? [...x.keys()]).map(i => {
    const shifted = (by: number) => {
      const y = Float64Array.from(x);
      y[i] += by;
      return f(y);
    };
    return (shifted(step) - shifted(-step)) / (2 * step);
  });
}

/** ||a - b|| / ||b||: how far a is from the reference b. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < b.length; i++) {
    difference += (a[i] - b[i]) ** 2;
    norm += b[i] ** 2;
  }
  return Math.sqrt(difference / norm);
}
