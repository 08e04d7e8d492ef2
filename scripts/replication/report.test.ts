import { describe, expect, it } from 'vitest';
import type { Neuron } from '../../src/neurons/neuron.js';
import { causeOf, differences, strayNeurons } from './differences.js';
import type { Findings, FindingsOfPrompt } from './findings.js';
import { CappedLines, listsTable, speedTable, strayLines, strayTotals } from './report.js';
import { timing } from './rounds.js';
import { addTallies, straysOf, tallyOf } from './tally.js';

const question = { prompts: ['first [MASK].', 'second [MASK].'], answer: 'paris' };

/** The highest score is 1, so that the threshold is 0.3. */
const prompt = (second: number, coarse: Neuron[]): FindingsOfPrompt => ({
  tokens: [101, 103, 102],
  scores: [
    [1, second],
    [-0.5, 0],
  ],
  coarse,
});

const findings = (prompts: FindingsOfPrompt[], neurons: Neuron[]): Findings => ({
  seconds: 8,
  cpuSeconds: 12,
  neurons,
  prompts,
});

const same = prompt(0.1, [[0, 0]]);
const above = prompt(0.3 * (1 + 2e-7), [
  [0, 0],
  [0, 1],
]);
const below = prompt(0.3 * (1 - 1e-7), [[0, 0]]);

describe('lists of neurons', () => {
  it('are equal in any order', () => {
    const lists: [Neuron[], Neuron[]] = [
      [
        [1, 2],
        [0, 12],
      ],
      [
        [0, 12],
        [1, 2],
      ],
    ];
    expect(strayNeurons(...lists)).toEqual([]);
  });

  it('differ by what one alone has', () => {
    const strays = strayNeurons(
      [
        [1, 2],
        [3, 4],
      ],
      [
        [1, 2],
        [0, 12],
      ],
    );
    expect(strays).toEqual([
      { neuron: [0, 12], onlyIn: 'replication' },
      { neuron: [3, 4], onlyIn: 'kn' },
    ]);
  });
});

describe('a neuron that is coarse in one alone', () => {
  it('is a tie where both scores are at the threshold but for rounding', () => {
    const { prompts } = differences(question, findings([same, above], []), findings([same, below], []));
    expect(prompts[0]).toEqual({ coarse: [], scoreError: 0 });
    const [stray] = prompts[1].coarse;
    expect(stray).toMatchObject({ neuron: [0, 1], onlyIn: 'kn' });
    expect(stray.margins.kn).toBeCloseTo(2e-7, 10);
    expect(stray.margins.replication).toBeCloseTo(-1e-7, 10);
    expect(causeOf(stray)).toBe('tie');
    expect(prompts[1].scoreError).toBeCloseTo(0.3 * 3e-7, 12);
  });

  it('is no tie where one of them is away from it: the scores differ', () => {
    const { prompts } = differences(question, findings([same, above], []), findings([same, same], []));
    expect(causeOf(prompts[1].coarse[0])).toBe('scores');
  });

  it('is not explained by scores that are on one side of the threshold', () => {
    const lacking = prompt(0.4, [[0, 0]]);
    const having = prompt(0.4, [
      [0, 0],
      [0, 1],
    ]);
    const { prompts } = differences(question, findings([same, having], []), findings([same, lacking], []));
    expect(causeOf(prompts[1].coarse[0])).toBe('other');
  });

  it('is not looked for where the two were not asked the same', () => {
    const cased = { ...same, tokens: [101, 100, 102] };
    expect(() => differences(question, findings([same, same], []), findings([cased, same], []))).toThrow(
      '"first [MASK]." is the tokens 101 103 102 to kn, and 101 100 102 to the replication',
    );
  });
});

describe('the report', () => {
  const kn = findings([same, above], [[0, 1]]);
  const fact = { question, kn, differences: differences(question, kn, findings([same, below], [])) };
  const comparison = { model: 'tiny', tally: tallyOf(fact) };

  it('counts lists that are equal, and those that differ', () => {
    const [, row] = listsTable([comparison]).split('\n');
    expect(row.trim().split(/\s+/)).toEqual([
      'tiny',
      '1',
      '2',
      '1',
      '1',
      '0',
      '1',
      '3',
      '1',
      '9.0e-8',
      '9.0e-8',
    ]);
  });

  it('names each neuron that one alone has', () => {
    expect([...strayLines('tiny', fact)]).toEqual([
      'tiny: "second [MASK].": [0,1] is coarse in kn alone. Its score is above the threshold by 2.00e-7 of it in kn, ' +
        'by -1.00e-7 in the replication: a tie, but for the rounding of float32. ' +
        'Scores of this prompt differ by up to 9.0e-8.',
      'tiny: "first [MASK]." ...: [0,1] is refined in kn alone.',
    ]);
  });

  it('counts why lists differ, over all facts', () => {
    const alone = { ...fact, differences: differences(question, kn, findings([same, above], [])) };
    const tally = addTallies([tallyOf(fact), tallyOf(alone)]);
    expect(straysOf(tally)).toBe(3);
    expect(tally).toMatchObject({ facts: 2, prompts: 4, promptsThatDiffer: 1, factsThatDiffer: 2 });
    expect(strayTotals([{ model: 'tiny', tally }])).toEqual([
      'tiny: coarse in one alone: 1 neurons, by a tie 1, by the difference of the two scores 0, by something else 0; ' +
        'refined in one alone: 2, since they are coarse in one alone 1, by something else 1.',
    ]);
  });

  it('prints so many lines, and says how many more there were', () => {
    const printed: string[] = [];
    const lines = new CappedLines(3, line => printed.push(line));
    lines.add(['a', 'b']);
    lines.add(['c', 'd']);
    lines.add(['e']);
    lines.end();
    expect(printed).toEqual(['a', 'b', 'c', '... and 2 more']);
  });

  it('says nothing of lists that are equal', () => {
    const equal = tallyOf({ ...fact, differences: differences(question, kn, kn) });
    expect(strayTotals([{ model: 'tiny', tally: equal }])).toEqual([]);
  });

  it('times facts by all their prompts together', () => {
    const short = { ...kn, prompts: [same], seconds: 1, cpuSeconds: 2 };
    expect(timing([kn, short])).toEqual({ secondsPerPrompt: 9 / 3, cores: 14 / 9 });
  });

  it('takes the median of the ratios, not the ratio of the medians, and the fastest of each', () => {
    const round = (replication: number, kn: number) => ({
      replication: { secondsPerPrompt: replication, cores: 2 },
      kn: { secondsPerPrompt: kn, cores: 1.5 },
    });
    const rows = speedTable('tiny', [round(10, 2), round(20, 3), round(9, 1)])
      .split('\n')
      .map(line => line.trim().split(/\s{2,}/));
    expect(rows.slice(-2)).toEqual([
      ['median', '10.0', '2.00', '6.67'],
      ['fastest', '9.00', '1.00', '9.00'],
    ]);
  });
});
