/** Aligned tables, as people read them. */
import Table from 'cli-table3';
import { printable } from '../printable.js';

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

/** The lines of rows under a head, columns aligned, the first to the left and the others as `align` says. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  align: 'left' | 'right' = 'left',
): string[] {
  const colAligns = head.map((_, column) => (column === 0 ? 'left' : align));
  const drawn = new Table({ ...PLAIN, head: head.map(printable), colAligns });
  drawn.push(...rows.map(row => row.map(printable)));
  return drawn
    .toString()
    .split('\n')
    .map(line => line.trimEnd());
}
