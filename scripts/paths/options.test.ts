import { describe, expect, it } from 'vitest';
import { DEMO_MODEL } from '../../src/embedded.js';
import { UsageError } from '../../src/errors.js';
import { readOptions } from './options.js';

describe('the options of the study of paths', () => {
  it('are those of a run over the demo where nothing is said', () => {
    expect(readOptions([])).toMatchObject({
      ...{
        model: DEMO_MODEL,
        random: undefined,
        facts: Number.POSITIVE_INFINITY,
        bars: false,
        figure: undefined,
      },
      ...{ rule: 'riemann_endpoints', steps: 20, site: 'post', share: 0.3 },
    });
  });

  it('name thresholds by kind and value, and the shape of a random model', () => {
    const options = readOptions([
      '--threshold',
      'adaptive:0.2,absolute:1e-4',
      '--random-gpt2',
      '--facts',
      '3',
    ]);
    expect(options).toMatchObject({
      thresholds: [
        { kind: 'adaptive', value: 0.2 },
        { kind: 'absolute', value: 1e-4 },
      ],
      random: 'gpt2',
      facts: 3,
    });
  });

  it('name the picture of the bars', () => {
    expect(readOptions(['--bars', '--figure', 'docs/bars.svg'])).toMatchObject({
      bars: true,
      figure: 'docs/bars.svg',
    });
  });

  it.each([
    ['--threshold', 'adaptive'],
    ['--threshold', 'adaptive:'],
    ['--threshold', 'adaptive:0.3:1'],
    ['--threshold', 'highest:0.3'],
    ['--facts', '0'],
    ['--facts', '2.5'],
    ['--rule', 'simpson'],
    ['--steps', '1'],
    ['--share', '2'],
    ['--unknown'],
    ['--figure', 'bars.svg'],
    ['--bars', '--figure'],
    ['--bars', '--figure', ''],
    ['--bars', '--figure', 'bars.png'],
    ['--bars', '--figure', 'svg'],
  ])('are refused by name: %s %s', (...args) => {
    expect(() => readOptions(args)).toThrow(UsageError);
  });
});
