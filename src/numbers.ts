/** Numbers as people read them. */

/** "1 neuron", "2 neurons" */
export function counted(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}

/** 0.3712 as "37.1%"; small probabilities keep two digits, and so do changes that are out of all proportion. */
export function percent(value: number): string {
  const shown = 100 * value;
  if (Math.abs(shown) >= 1e6) return `${shown.toExponential(1).replace('e+', 'e')}%`;
  return Math.abs(shown) >= 0.1 || shown === 0 ? `${shown.toFixed(1)}%` : `${shown.toPrecision(2)}%`;
}

/** -0.3712 as "-37.1%", 0.2 as "+20.0%". */
export function signedPercent(value: number): string {
  return `${value > 0 ? '+' : ''}${percent(value)}`;
}

/** 1.234 as "1.23"; a dash where there is no value. */
export function decimals(value: number | null, digits: number): string {
  return value === null ? '-' : value.toFixed(digits);
}

/** A perplexity, from 1 upwards: 12.34 as "12.3", 1234.5 as "1235". */
export function perplexity(value: number): string {
  if (value >= 1e6) return value.toPrecision(3);
  return value.toFixed(value < 10 ? 2 : value < 1000 ? 1 : 0);
}

/** A change of a perplexity, with its sign. */
export function signed(value: number): string {
  return `${value < 0 ? '-' : '+'}${perplexity(Math.abs(value))}`;
}
