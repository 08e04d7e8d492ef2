/** Updates of facts, on hand-computed cases. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openDataset } from '../dataset/dataset.js';
import type { FactKey } from '../dataset/fact.js';
import { DEMO_DATA } from '../embedded.js';
import type { Neuron } from '../neurons/neuron.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { Journal } from './journal.js';
import { askedSet, perplexityChange } from './perplexity.js';
import { factsByRelation } from './sample.js';
import { drawTarget, planUpdates, rarelyShared, type UpdateDesign } from './update-plan.js';
import type { MeasuredUpdate, UpdateRecord } from './update-record.js';
import { summarizeUpdates, updateCsv } from './update-summary.js';
import { doUpdates, randomNeurons } from './update-work.js';
import type { OpenWork, Piece } from './work.js';

const fact = (uuid: string, object: string, relation = 'P36'): FactKey => ({
  uuid,
  relation,
  subject: `subject of ${uuid}`,
  object,
});

const neurons = z.array(z.tuple([z.number(), z.number()]));
const facts = z.array(z.object({ prompts: z.array(z.string()) }));
const taskSchema = z.object({ target: z.string(), neurons, random: neurons, same: facts, other: facts });
const parseTask = (piece: Piece) => taskSchema.parse(piece.task().task);

const DESIGN: UpdateDesign = {
  rule: 'paper',
  lambdas: { lambda1: 1, lambda2: 8 },
  perRelation: 2,
  shared: 0.1,
  measured: 5,
  onlyCorrect: true,
  seed: 42,
};

describe('perplexity', () => {
  it('is exp of the mean over prompts of -log P(answer)', () => {
    const set = askedSet([
      { probability: 0.5, rank: 1, surprisal: -Math.log(0.5) },
      { probability: 0.125, rank: 3, surprisal: -Math.log(0.125) },
    ]);
    // The geometric mean of 2 and 8.
    expect(Math.exp(set?.log_perplexity ?? 0)).toBeCloseTo(4, 12);
    expect(set).toMatchObject({ accuracy: 0.5, prompts: 2 });
  });

  it('of no prompts is not there', () => {
    expect(askedSet([])).toBeNull();
  });

  it('changes by a difference, and by a share of what it was', () => {
    const { perplexity, increase, relativeIncrease } = perplexityChange(Math.log(4), Math.log(6));
    expect(perplexity.before).toBeCloseTo(4, 12);
    expect(perplexity.after).toBeCloseTo(6, 12);
    expect(increase).toBeCloseTo(2, 12);
    expect(relativeIncrease).toBeCloseTo(0.5, 12);
  });
});

describe('a neuron that is updated', () => {
  // [0, 1] is one of all four facts, [0, 2] of two, [0, 3] of one.
  const lists: Neuron[][] = [
    [
      [0, 1],
      [0, 2],
    ],
    [
      [0, 1],
      [0, 2],
    ],
    [
      [0, 1],
      [0, 3],
    ],
    [[0, 1]],
  ];

  it.each<[number, Neuron[]]>([
    [0, [[0, 3]]],
    [0.33, [[0, 3]]],
    [
      0.34,
      [
        [0, 2],
        [0, 3],
      ],
    ], // one of the three others
    [
      1,
      [
        [0, 1],
        [0, 2],
        [0, 3],
      ],
    ],
  ])("is one of at most %d of the relation's other facts", (share, expected) => {
    const all: Neuron[] = [
      [0, 1],
      [0, 2],
      [0, 3],
    ];
    expect(all.filter(rarelyShared(lists, share))).toEqual(expected);
  });

  it("of a relation's only fact is its own", () => {
    expect(rarelyShared([[[0, 1]]], 0)([0, 1])).toBe(true);
  });
});

describe('a target', () => {
  const facts = [fact('a', 'Paris'), fact('b', 'Rome'), fact('c', 'paris'), fact('d', 'Lima')];
  const answerOf = (object: string) => object.toLowerCase();

  it("is another fact's object that is another answer, the same at each draw", () => {
    const drawn = Array.from({ length: 50 }, (_, seed) => drawTarget(facts[0], facts, answerOf, seed));
    expect(new Set(drawn)).toEqual(new Set(['Rome', 'Lima']));
    expect(drawTarget(facts[0], facts, answerOf, 7)).toBe(drawn[7]);
  });

  it('is not to be had where all facts have one answer', () => {
    expect(drawTarget(facts[0], [facts[0], facts[2]], answerOf, 42)).toBeUndefined();
  });
});

describe('random neurons', () => {
  it('are as many as asked for, different ones, of all layers', () => {
    const neurons = randomNeurons({ layers: 3, intermediateSize: 4 }, 12, 'key');
    expect(new Set(neurons.map(String)).size).toBe(12);
    for (const [layer, index] of neurons) {
      expect(layer).toBeLessThan(3);
      expect(index).toBeLessThan(4);
    }
  });
});

const measured = (
  answer: [number, number][],
  target: [number, number][],
  [same, other]: [number, number],
): MeasuredUpdate => {
  const columns = (pairs: [number, number][]) => ({
    probability: pairs.map(([probability]) => probability),
    rank: pairs.map(([, rank]) => rank),
  });
  const set = (log_perplexity: number) => ({ log_perplexity, accuracy: 1, prompts: 2 });
  return { answer: columns(answer), target: columns(target), same: set(same), other: set(other) };
};

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
    const [head, first] = updateCsv(updates)
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

  it('are none where nothing was updated', () => {
    expect(summarizeUpdates('demo', 9, [], [], [])).toMatchObject({ overFacts: null, neuronsPerFact: 0 });
  });
});

describe('the facts that are updated', () => {
  const start = async (design: Partial<UpdateDesign> = {}, without: readonly string[] = []) => {
    const dataset = await openDataset(DEMO_DATA, { relations: ['P36', 'P103'], limit: 8 });
    const journal = await Journal.open(join(temporaryFolder(), 'journal.jsonl'));
    const relations = factsByRelation(dataset.facts);
    const all = { ...DESIGN, ...design };
    const neuronsOf = (uuid: string): Neuron[] =>
      without.includes(uuid) ? [] : [[0, dataset.facts.findIndex(one => one.uuid === uuid)]];
    const planned = planUpdates(relations, neuronsOf, object => object, all);
    const model = { layers: 2, intermediateSize: 512 };
    return { planned, relations, design: all, continuation: 'answer' as const, model, dataset, journal };
  };
  /** Does pieces as a worker would, without a model: those of `wrong` are answered wrongly. */
  const worker =
    (journal: Journal, wrong: ReadonlySet<string>, failing: ReadonlySet<string> = new Set()) =>
    async ({ open }: OpenWork) => {
      const failures = [];
      for (const piece of open) {
        const { target, neurons } = parseTask(piece);
        if (failing.has(piece.uuid)) {
          failures.push({ uuid: piece.uuid, relation: piece.relation, error: 'it failed' });
          continue;
        }
        const same = measured([[0.5, 1]], [[0.1, 2]], [1, 1]);
        const whole = { before: same, knowledge: same, random: same };
        const update = { target, neurons, measured: wrong.has(piece.uuid) ? null : whole };
        journal.append({ uuid: piece.uuid, update });
      }
      return failures;
    };
  const uuids = (facts: readonly { fact: FactKey }[]) => facts.map(({ fact }) => fact.uuid);

  it('are so many of each relation, the first of its order', async () => {
    const work = await start();
    const { updated, skipped } = await doUpdates(work, worker(work.journal, new Set()));
    expect(uuids(updated)).toEqual(work.planned.flatMap(ofRelation => uuids(ofRelation.slice(0, 2))));
    expect(skipped).toEqual([]);
  });

  it('are others where the model gets some wrong, which are counted', async () => {
    const work = await start();
    const order = uuids(work.planned[0]);
    const { updated, skipped } = await doUpdates(work, worker(work.journal, new Set([order[0], order[2]])));
    expect(uuids(updated).slice(0, 2)).toEqual([order[1], order[3]]);
    expect(skipped.map(({ uuid }) => uuid)).toEqual([order[0], order[2]]);
    expect(skipped[0].reason).toBe('the model answers none of its prompts correctly');
  });

  it('leave out those without neurons, and end where a relation has no more', async () => {
    const planned = uuids((await start()).planned[0]);
    const work = await start({ perRelation: 100 }, [planned[0]]);
    const { updated, skipped } = await doUpdates(work, worker(work.journal, new Set([planned[1]])));
    expect(updated).toHaveLength(8 + 6);
    expect(skipped.map(({ uuid, reason }) => [uuid, reason])).toEqual([
      [planned[0], 'it has no knowledge neurons'],
      [planned[1], 'the model answers none of its prompts correctly'],
    ]);
  });

  it('keep the place of one that fails, which is tried again the next time, and nothing else is', async () => {
    const work = await start();
    const order = uuids(work.planned[0]);
    const first = await doUpdates(work, worker(work.journal, new Set(), new Set([order[0]])));
    expect(first.failed).toEqual([
      { uuid: order[0], relation: work.planned[0][0].fact.relation, error: 'it failed' },
    ]);
    expect(first.updated).toHaveLength(3);
    const tried: string[] = [];
    const second = await doUpdates(work, async pieces => {
      tried.push(...pieces.open.map(({ uuid }) => uuid));
      return worker(work.journal, new Set())(pieces);
    });
    expect(tried).toEqual([order[0]]);
    expect(uuids(second.updated).slice(0, 2)).toEqual(order.slice(0, 2));
  });

  it('are measured on facts of their own relation and of others, never on themselves', async () => {
    const work = await start({ measured: 100 });
    await doUpdates(work, async ({ open }) => {
      for (const piece of open) {
        const task = parseTask(piece);
        const promptsOf = (relation: string) =>
          (work.relations.get(relation) ?? [])
            .filter(({ uuid }) => uuid !== piece.uuid)
            .map(key => work.dataset.withPrompts(key).prompts[0]);
        const other = piece.relation === 'P36' ? 'P103' : 'P36';
        expect(task.same).toHaveLength(7);
        expect(task.other).toHaveLength(8);
        for (const { prompts } of task.same) expect(promptsOf(piece.relation)).toContain(prompts[0]);
        for (const { prompts } of task.other) expect(promptsOf(other)).toContain(prompts[0]);
        expect(task.random).toHaveLength(1);
      }
      return worker(work.journal, new Set())({ open, done: 0 });
    });
    expect.hasAssertions();
  });
});
