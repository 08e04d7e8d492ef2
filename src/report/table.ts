/** What people read: aligned tables and percentages. */
import Table from 'cli-table3';

const PLAIN = {
  chars: {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
    left: '  ',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: '   ',
  },
  style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
};

/** Rows under a head, columns aligned, the first to the left and the others as `align` says. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  align: 'left' | 'right' = 'left',
): string {
  const colAligns = head.map((_, column) => (column === 0 ? 'left' : align));
  const drawn = new Table({ ...PLAIN, head: [...head], colAligns });
  drawn.push(...rows.map(row => row.map(visible)));
  return drawn
    .toString()
    .split('\n')
    .map(line => line.trimEnd())
    .join('\n');
}

/** "1 neuron", "2 neurons" */
export function counted(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}

/**
 * A token or a prompt may have line ends and tabs, which would tear a table, or worse: they are written as in a program.
 * Colours stay.
 */
export function visible(text: string): string {
  return text.replace(/\p{Cc}(?:\[\d+m)?/gu, found => {
    if (found.startsWith('\u001b[')) return found;
    const escaped = JSON.stringify(found).slice(1, -1);
    return escaped.replace(/\p{Cc}/u, control => `\\u00${control.charCodeAt(0).toString(16)}`);
  });
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
