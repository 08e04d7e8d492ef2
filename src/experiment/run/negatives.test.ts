import { describe, expect, it } from 'vitest';
import type { FactKey } from '../../dataset/fact.js';
import { drawNegatives, fewerNegatives, negativePrompts } from './negatives.js';

const fact = (relation: string, subject: string, object: string): FactKey => ({
  uuid: `${relation}:${subject}:${object}`,
  relation,
  subject,
  object,
});

const FACTS = [
  fact('P36', 'France', 'Paris'),
  fact('P36', 'Spain', 'Madrid'),
  fact('P36', 'Italy', 'Rome'),
  fact('P36', 'Lazio', 'Rome'),
  fact('P37', 'Spain', 'Spanish'),
  fact('P37', 'Peru', 'Spanish'),
  fact('P47', 'Spain', 'France'),
  fact('P47', 'Spain', 'Portugal'),
  fact('P47', 'Italy', 'France'),
  fact('P47', 'Germany', 'Poland'),
];

const subjectsOf = (drawn: ReturnType<typeof drawNegatives>, uuid: string) =>
  (drawn.get(uuid) ?? []).map(({ subject }) => subject).sort();

describe('the negative facts', () => {
  it('are of the relation, with other subjects, none of which has the object', () => {
    const all = drawNegatives(FACTS, { count: 9, seed: 1 });
    expect(subjectsOf(all, 'P36:France:Paris')).toEqual(['Italy', 'Lazio', 'Spain']);
    expect(subjectsOf(all, 'P36:Italy:Rome')).toEqual(['France', 'Spain']);
    // Spain and Italy both have France, Spain in another fact than the one that is first.
    expect(subjectsOf(all, 'P47:Spain:France')).toEqual(['Germany']);
    expect(subjectsOf(all, 'P47:Spain:Portugal')).toEqual(['Germany', 'Italy']);
    expect(subjectsOf(all, 'P47:Germany:Poland')).toEqual(['Italy', 'Spain']);
  });

  it('are as many as are asked for, all of them different', () => {
    for (let seed = 0; seed < 100; seed++) {
      const subjects = subjectsOf(drawNegatives(FACTS, { count: 2, seed }), 'P36:France:Paris');
      expect(new Set(subjects).size).toBe(2);
    }
  });

  it('are fewer where the relation has no more, which is said', () => {
    const draw = { count: 3, seed: 1 };
    const drawn = drawNegatives(FACTS, draw);
    expect(subjectsOf(drawn, 'P37:Spain:Spanish')).toEqual([]);
    expect(fewerNegatives(FACTS, drawn, draw)).toBe(
      'fewer than 3 negative prompts, for want of other subjects and objects, in P36 (2 facts), P37 (2 facts), P47 (4 facts)',
    );
    const one = { count: 1, seed: 1 };
    const capitals = FACTS.slice(0, 4);
    expect(fewerNegatives(capitals, drawNegatives(capitals, one), one)).toBeUndefined();
    expect(fewerNegatives(FACTS, new Map(), null)).toBeUndefined();
  });

  it('depend on the seed, and every candidate is drawn about equally often', () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 3000; seed++) {
      for (const subject of subjectsOf(drawNegatives(FACTS, { count: 2, seed }), 'P36:France:Paris'))
        counts.set(subject, (counts.get(subject) ?? 0) + 1);
    }
    // Two of three: 2000 each; five standard deviations are 129.
    expect([...counts.keys()].sort()).toEqual(['Italy', 'Lazio', 'Spain']);
    for (const count of counts.values()) expect(Math.abs(count - 2000)).toBeLessThan(129);
  });

  it('are those of an independent draw', () => {
    // Python: int.from_bytes(hashlib.sha256(b'42:P36:France:Paris:negative:<k>').digest()[:6]) % (3, 2)[k] is 2, 1;
    // what is drawn makes room for the last.
    const drawn = drawNegatives(FACTS, { count: 2, seed: 42 }).get('P36:France:Paris');
    expect(drawn?.map(({ subject }) => subject)).toEqual(['Lazio', 'Italy']);
  });
});

describe('negative prompts', () => {
  it('take the patterns in turn, one for each other subject', () => {
    const withPrompts = ({ subject }: FactKey) => ({
      prompts: [`The capital of ${subject} is [MASK].`, `${subject} is governed from [MASK].`],
    });
    expect(negativePrompts(FACTS.slice(1, 4), withPrompts)).toEqual([
      'The capital of Spain is [MASK].',
      'Italy is governed from [MASK].',
      'The capital of Lazio is [MASK].',
    ]);
  });
});
