import { describe, expect, it } from 'vitest';
import type { ChangeReport } from '../../library/change-report.js';
import { rankName, tokensNote } from './answer-tokens.js';
import { changeText } from './change-text.js';
import { effectsText } from './effects-text.js';

const standing = { probability: 0.5, rank: 7, top: [] };
const effect = { prompt: 'a [MASK]', before: standing, after: standing };

describe('the rank of an answer', () => {
  it('is called by what it is, and explained where it is of several tokens', () => {
    expect(rankName(['paris'])).toBe('rank');
    expect(tokensNote('paris', ['paris'])).toEqual([]);
    expect(rankName([' Mon', 'aco'])).toBe('worst rank');
    expect(tokensNote('Monaco', [' Mon', 'aco'])).toEqual([
      '"Monaco" is 2 tokens, " Mon" "aco": its probability is the product of theirs, its rank the worst of theirs.',
    ]);
  });

  it('has its name in the tables of suppressing and enhancing, and its explanation under them, once', () => {
    const shown = { answer: 'ab', answerTokens: ['a', '##b'], neurons: [], effects: [effect, effect] };
    const more = { didTo: String, found: undefined, sharing: { share: 0.5 } };
    const text = effectsText({ ...shown, ...more }).join('\n');
    expect(text.match(/worst rank +7 +7/g)).toHaveLength(2);
    expect(text.match(/is 2 tokens/g)).toHaveLength(1);
    const ofOne = effectsText({ ...shown, answerTokens: ['ab'], ...more }).join('\n');
    expect(ofOne).toMatch(/\n +rank +7 +7\n?/);
    expect(ofOne).not.toContain('tokens');
  });

  it('has it for each of two answers of an edit', () => {
    const both = { ...standing, target: standing };
    const changed = { prompt: 'a [MASK]', before: both, after: both };
    const report: ChangeReport = {
      answer: 'a',
      answerTokens: ['a'],
      target: 'bc',
      targetTokens: ['b', '##c'],
      edited: { rule: 'paper', original: 'a', lambda1: 1, lambda2: 8 },
      neurons: [[0, 1]],
      prompts: [changed],
      otherPrompts: [changed],
      unrelated: null,
    };
    const lines = changeText(report, undefined);
    const ranks = lines
      .filter(line => /^ +(worst )?rank /.test(line))
      .map(line => line.trim().split(/ {2,}/));
    expect(ranks.map(([name]) => name)).toEqual(['rank', 'worst rank', 'rank', 'worst rank']);
    expect(lines.filter(line => line.includes('tokens'))).toEqual(tokensNote('bc', ['b', '##c']));
  });
});
