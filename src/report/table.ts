/** Aligned tables, as people read them. */
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
