import { describe, expect, it } from 'vitest';
import type { ProgressEvent } from '../../progress.js';
import { masksInPrompts, unknownAnswer, warnOfMasks, warnOfUnknown } from './fact-warnings.js';

describe('an answer that the model does not know', () => {
  const warning = (ranks: readonly number[], answerTokens = ['paris']) =>
    unknownAnswer({
      answer: 'paris',
      answerTokens,
      standings: ranks.map(rank => ({ probability: 0.1, rank })),
    });

  it('is one that is not among the 100 most probable tokens of a prompt', () => {
    expect(warning([1])).toBeUndefined();
    expect(warning([100, 100])).toBeUndefined();
    expect(warning([101])).toMatch(
      /^"paris" is not among the 100 most probable tokens \(rank 101\): .* this fact,/,
    );
  });

  it('is told by the ranks of the prompts that it is missing in, all of them or some', () => {
    expect(warning([500, 101, 30000])).toContain('in any of 3 prompts (ranks 101 to 30000)');
    expect(warning([1, 101, 100])).toContain('in 1 of 3 prompts (rank 101)');
    expect(warning([1, 101, 102])).toContain('in 2 of 3 prompts (ranks 101 to 102)');
    expect(warning([1, 101])).toContain('does not know the fact by these words');
  });

  it('has of several tokens the worst rank', () => {
    expect(warning([512], ['par', '##is'])).toMatch(
      /^not every token of "paris" is among the 100 most probable \(worst rank 512\): /,
    );
  });

  it('is said once, as a notice', () => {
    const events: ProgressEvent[] = [];
    const standings = [{ probability: 0, rank: 200 }];
    warnOfUnknown({ answer: 'ab', answerTokens: ['a', 'b'], standings }, event => events.push(event));
    warnOfUnknown({ answer: 'c', answerTokens: ['c'], standings: [] }, event => events.push(event));
    expect(events).toEqual([
      { type: 'notice', text: expect.stringMatching(/^Warning: not every token of "ab" is among/) },
    ]);
  });
});

describe('a mask in a prompt of a causal model', () => {
  it('is where the prompt ends, which is said', () => {
    expect(masksInPrompts(['Rome is in [MASK].', 'Paris is in'])).toEqual([
      'a causal model has no [MASK]: this prompt is read as "Rome is in".',
    ]);
    expect(masksInPrompts(['[MASK] is a town', 'Rome is in [MASK].'])[0]).toContain(
      '2 prompts are read up to there, the first as "Rome is in"',
    );
  });

  it.each(['<mask>', '[mask]', '[ MASK ]', '<Mask>'])('is %s too, which is read as letters', mask => {
    expect(masksInPrompts([`Rome is in ${mask}`, 'Paris is in'])).toEqual([
      `a causal model reads "${mask}" as letters (1 prompt). Let a prompt end where the answer belongs.`,
    ]);
  });

  it('is nothing else: no word, and nothing that another model is asked', () => {
    expect(masksInPrompts(['The mask of [Zorro] is', 'Paris is in'])).toEqual([]);
    const events: ProgressEvent[] = [];
    warnOfMasks(['Rome is in [MASK].'], false, event => events.push(event));
    expect(events).toEqual([]);
    warnOfMasks(['Rome is in [MASK].'], true, event => events.push(event));
    expect(events).toHaveLength(1);
  });
});
