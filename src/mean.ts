/** NaN of none. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Null of none. */
export function meanIfAny(values: readonly number[]): number | null {
  return values.length === 0 ? null : mean(values);
}
