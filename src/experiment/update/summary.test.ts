/** On hand-computed cases. */
import { describe, expect, it } from 'vitest';
import { csvText } from '../../report/csv.js';
import { fact, measured } from '../../testing/made-up-update.js';
import type { UpdateRecord } from './record.js';
import { updateText } from './shown.js';
import { summarizeUpdates, updateData } from './summary.js';

describe('updates in numbers', () => {
  const before = measured(
    [
      [0.8, 1],
      [0.6, 1],
    ],
    [
      [0.1, 2],
      [0.1, 4],
    ],
    [1, 2],
  );
  const one: UpdateRecord = {
    target: 'Rome',
    neurons: [
      [0, 1],
      [0, 2],
      [1, 3],
    ],
    measured: {
      before,
      knowledge: measured(
        [
          [0.2, 2],
          [0.5, 1],
        ],
        [
          [0.7, 1],
          [0.3, 2],
        ],
        [2, 2.5],
      ),
      random: measured(
        [
          [0.8, 1],
          [0.6, 1],
        ],
        [
          [0.1, 2],
          [0.1, 4],
        ],
        [1, 2],
      ),
    },
  };
  const two: UpdateRecord = {
    target: 'Lima',
    neurons: [[0, 1]],
    measured: {
      // A prompt that the model got wrong before, as --wrong-too counts them, and one that it got right.
      before: measured(
        [
          [0.1, 3],
          [0.9, 1],
        ],
        [
          [0.5, 1],
          [0.05, 2],
        ],
        [3, 2],
      ),
      knowledge: measured(
        [
          [0.3, 1],
          [0.2, 2],
        ],
        [
          [0.5, 1],
          [0.6, 1],
        ],
        [4, 3.5],
      ),
      random: measured(
        [
          [0.2, 1],
          [0.9, 1],
        ],
        [
          [0.5, 2],
          [0.05, 2],
        ],
        [3, 2],
      ),
    },
  };
  const updates = [
    { fact: fact('a', 'Paris'), update: one },
    { fact: fact('b', 'Rome', 'P30'), update: two },
  ];
  const summary = summarizeUpdates('demo', 9, updates, [], []);

  it('are means over facts of means over prompts', () => {
    const knowledge = summary.overFacts?.knowledge;
    expect(knowledge?.facts).toBe(2);
    expect(knowledge?.changeRate).toBeCloseTo((1 / 2 + 1 / 1) / 2, 12);
    expect(knowledge?.successRate).toBeCloseTo((1 / 2 + 2 / 2) / 2, 12);
    expect(knowledge?.answerProbability.before).toBeCloseTo((0.7 + 0.5) / 2, 12);
    expect(knowledge?.targetProbability.after).toBeCloseTo((0.5 + 0.55) / 2, 12);
    expect(knowledge?.targetRank).toEqual({ before: (3 + 1.5) / 2, after: (1.5 + 1) / 2 });
    expect(knowledge?.targetReciprocalRank.before).toBeCloseTo((0.375 + 0.75) / 2, 12);
    expect(summary.neuronsPerFact).toBe(2);
  });

  it('take exp of the mean over facts of log-perplexity', () => {
    const same = summary.overFacts?.knowledge.same;
    expect(same?.logPerplexity).toEqual({ before: 2, after: 3 });
    expect(same?.increase).toBeCloseTo(Math.exp(3) - Math.exp(2), 12);
    expect(summary.overFacts?.knowledge.other?.logPerplexity).toEqual({ before: 2, after: 3 });
  });

  it('say the same of random neurons, where nothing happened', () => {
    const random = summary.overFacts?.random;
    expect(random).toMatchObject({ changeRate: 0, successRate: 0 });
    expect(random?.same?.increase).toBe(0);
  });

  it("are there for each relation, in PARAREL's order", () => {
    expect(Object.keys(summary.relations)).toEqual(['P30', 'P36']);
    expect(summary.relations.P36.knowledge).toMatchObject({ facts: 1, changeRate: 0.5, successRate: 0.5 });
  });

  it('have a line a fact as CSV', () => {
    const [head, first] = csvText(updateData(updates))
      .trim()
      .split('\n')
      .map(line => line.split(','));
    const line = Object.fromEntries(head.map((name, i) => [name, first[i]]));
    expect(line).toMatchObject({
      ...{ uuid: 'a', relation: 'P36', answer: 'Paris', target: 'Rome', neurons: '3', prompts: '2' },
      ...{ knowledge_change_rate: '0.5', knowledge_success_rate: '0.5', random_change_rate: '0' },
      ...{ target_rank_before: '3', knowledge_target_rank: '1.5' },
      ...{ same_log_perplexity_before: '1', knowledge_same_log_perplexity: '2' },
    });
  });

  it('are shown with what the rank of a target is', () => {
    const text = updateText(summary);
    const head = text.flatMap(line => (typeof line === 'string' ? [] : line.head));
    expect(head).toContain("target's rank");
    expect(text.at(-1)).toMatch(/^target's rank: 1 \+ .* of several tokens the worst of theirs$/);
  });

  it('are none where nothing was updated', () => {
    expect(summarizeUpdates('demo', 9, [], [], [])).toMatchObject({ overFacts: null, neuronsPerFact: 0 });
  });
});
