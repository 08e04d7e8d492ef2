import { describe, expect, it } from 'vitest';
import { counted, percent, signedPercent } from '../numbers.js';
import { terminalText } from '../printable.js';
import { coloured } from './colour.js';
import { table } from './table.js';

describe('a table', () => {
  it('shows line ends, tabs and other control characters of its cells, and keeps its columns', () => {
    const rows = [
      ['\t', '1'],
      ['a\nb', '22'],
      ['\u001b[2J\u007f\u0085', '333'],
    ];
    expect(table(['token', 'rank'], rows)).toEqual([
      '  token                   rank',
      '  \\t                      1',
      '  a\\nb                    22',
      '  \\u001b[2J\\u007f\\u0085   333',
    ]);
  });

  it('counts no colours of our own, and shows those of a cell', () => {
    const terminal = Object.assign(Object.create(process.stdout), { isTTY: true });
    const rows = [
      [coloured('green', 'usable', terminal), '1'],
      ['\u001b[32mno\u001b[39m', '2'],
    ];
    expect(
      terminalText(table(['', ''], rows))
        .split('\n')
        .slice(-3),
    ).toEqual(['  \u001b[32musable\u001b[39m                   1', '  \\u001b[32mno\\u001b[39m   2', '']);
  });
});

describe('a number for people', () => {
  it.each([
    [0.3712, '37.1%'],
    [0, '0.0%'],
    [0.00012, '0.012%'],
    [6.5e-10, '6.5e-8%'],
    [173.722, '17372.2%'],
    [2798980.315, '2.8e8%'],
    [-4.1e8, '-4.1e10%'],
  ])('%d is %s', (value, shown) => {
    expect(percent(value)).toBe(shown);
  });

  it('has its sign where it is a change, and its plural where it is a count', () => {
    expect([0.2, -0.2, 0, 5e8].map(signedPercent)).toEqual(['+20.0%', '-20.0%', '0.0%', '+5.0e10%']);
    expect([0, 1, 2].map(n => counted(n, 'prompt'))).toEqual(['0 prompts', '1 prompt', '2 prompts']);
  });
});
