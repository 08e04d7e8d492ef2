import { describe, expect, it } from 'vitest';
import { counted, percent, signedPercent } from '../numbers.js';
import { table, visible } from './table.js';

describe('a table', () => {
  it('shows line ends, tabs and other control characters of its cells, and keeps its columns', () => {
    const rows = [
      ['\t', '1'],
      ['a\nb', '22'],
      ['\u001b[2J\u007f\u0085', '333'],
    ];
    expect(table(['token', 'rank'], rows).split('\n')).toEqual([
      '  token                   rank',
      '  \\t                      1',
      '  a\\nb                    22',
      '  \\u001b[2J\\u007f\\u0085   333',
    ]);
  });

  it('keeps colours', () => {
    expect(visible('\u001b[32musable\u001b[39m')).toBe('\u001b[32musable\u001b[39m');
    expect(visible('\n[1m日本')).toBe('\\n[1m日本');
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
