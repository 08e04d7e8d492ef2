import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openDataset } from '../../dataset/dataset.js';
import type { FactKey } from '../../dataset/fact.js';
import { DEMO_DATA } from '../../embedded.js';
import type { Neuron } from '../../neurons/neuron.js';
import { measured } from '../../testing/made-up-update.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { Journal } from '../run/journal.js';
import { factsByRelation } from '../run/sample.js';
import type { OpenWork, Piece } from '../run/work.js';
import { updatesInOrder } from './plan.js';
import { UPDATE_RECORDS, type UpdateLine } from './record.js';
import type { UpdateDesign } from './request.js';
import { doUpdates, randomNeurons } from './work.js';

const neurons = z.array(z.tuple([z.number(), z.number()]));
const facts = z.array(z.object({ prompts: z.array(z.string()) }));
const taskSchema = z.object({ target: z.string(), neurons, random: neurons, same: facts, other: facts });
const parseTask = (piece: Piece) => taskSchema.parse(piece.task().task);

const DESIGN: UpdateDesign = {
  rule: 'paper',
  lambdas: { lambda1: 1, lambda2: 8 },
  perRelation: 2,
  shared: 0.1,
  sharedRule: 'others',
  measured: 5,
  onlyCorrect: true,
  seed: 42,
};

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

describe('the facts that are updated', () => {
  const start = async (design: Partial<UpdateDesign> = {}, without: readonly string[] = []) => {
    const dataset = await openDataset(DEMO_DATA, { relations: ['P36', 'P103'], limit: 8 });
    const journal = await Journal.open(join(temporaryFolder(), 'journal.jsonl'), UPDATE_RECORDS);
    const relations = factsByRelation(dataset.facts);
    const all = { ...DESIGN, ...design };
    const neuronsOf = (uuid: string): Neuron[] =>
      without.includes(uuid) ? [] : [[0, dataset.facts.findIndex(one => one.uuid === uuid)]];
    const planned = updatesInOrder(relations, neuronsOf, object => object, all);
    const model = { layers: 2, intermediateSize: 512 };
    return { planned, relations, design: all, continuation: 'answer' as const, model, dataset, journal };
  };
  /** Does pieces as a worker would, without a model: those of `wrong` are answered wrongly. */
  const worker =
    (journal: Journal<UpdateLine>, wrong: ReadonlySet<string>, failing: ReadonlySet<string> = new Set()) =>
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
