import { describe, expect, it } from 'vitest';
import { surroundings, tokensBetween } from './surroundings.js';

describe('the surroundings of an answer', () => {
  it.each([
    ['', ' is a city .', '', ' a'],
    ['  ', ' is a city .', ' ', ' a'],
    ['the capital is ', '', 'a ', ''],
    ['the capital is\t ', ' .', 'a ', ' a'],
    ['the capital (', '), is', 'a (', '), a'],
    ['(', ').', '(', ').'],
    ['the anti', "'s seat", 'a anti', "'s a"],
    ['東京は', 'の首都です', '東京は', 'の首都です'],
    ['the capital is ', '.  ', 'a ', '.'],
  ])('in "%s[MASK]%s" are what touches it, a word standing for all others', (before, after, left, right) => {
    expect(surroundings(before, after)).toEqual({ before: left, after: right });
  });
});

it('are found at once in a text of any length', () => {
  const before = `${'a'.repeat(1e6)} `;
  expect(surroundings(before, ` ${before}`)).toEqual({ before: 'a ', after: ' a' });
});

describe('the tokens of an answer', () => {
  it('are those between what is around it', () => {
    expect(tokensBetween([1, 2, 3, 4, 5], [1], [5])).toEqual([2, 3, 4]);
    expect(tokensBetween([1, 2, 3], [], [])).toEqual([1, 2, 3]);
    expect(tokensBetween([7, 1, 7], [7], [7])).toEqual([1]);
  });

  it.each([
    ['the text before has other tokens', [1, 2, 3], [4], []],
    ['the text behind has other tokens', [1, 2, 3], [], [4]],
    ['nothing is left', [1, 2, 3], [1, 2], [3]],
    ['the texts around would share a token', [1, 2, 3], [1, 2], [2, 3]],
  ])('cannot be told where %s', (_, sentence, before, after) => {
    expect(tokensBetween(sentence, before, after)).toBeUndefined();
  });
});
