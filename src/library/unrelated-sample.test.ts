import { describe, expect, it } from 'vitest';
import type { FactKey } from '../dataset/fact.js';
import { unrelatedSample } from './unrelated-sample.js';

const fact = (subject: string, object: string): FactKey => ({
  uuid: `${subject}-${object}`,
  relation: 'P36',
  subject,
  object,
});

const asked = { prompts: ['The capital of the U.S. is [MASK].'], answers: ['Washington', 'Rome'] };
const many = Array.from({ length: 50 }, (_, i) => fact(`subject ${i}`, `object ${i}`));
const names = (facts: readonly FactKey[]) => facts.map(({ uuid }) => uuid);

describe('unrelated facts for one that was asked by prompts', () => {
  it('leave out its subject and its answers, old and new, on either side and in any case', () => {
    const facts = [
      fact('U.S.', 'English'),
      fact('Oregon', 'u.s.'),
      fact('George', 'washington'),
      fact('ROME', 'Italy'),
      fact('Rome, New York', 'Oneida'),
      fact('Capitol', 'dome'),
    ];
    const drawn = names(unrelatedSample(facts, asked, 1)).sort();
    expect(drawn).toEqual(['Capitol-dome', 'Rome, New York-Oneida']);
  });

  it('find whole words alone: "us" is not in "Russia", and a name without letters is looked for as it is', () => {
    const question = { prompts: ['Russia has [MASK].'], answers: ['moscow'] };
    expect(unrelatedSample([fact('us', 'dollar'), fact('!!!', 'band')], question, 1)).toHaveLength(2);
  });

  it('come in an order of the seed and their uuids alone', () => {
    const order = names(unrelatedSample(many, asked, 42));
    expect(names(unrelatedSample([...many].reverse(), asked, 42))).toEqual(order);
    expect(names(unrelatedSample(many.slice(10), asked, 42))).toEqual(
      order.filter(uuid => many.slice(10).some(kept => kept.uuid === uuid)),
    );
    expect(names(unrelatedSample(many, asked, 43))).not.toEqual(order);
    expect(order).not.toEqual(names(many));
  });
});
