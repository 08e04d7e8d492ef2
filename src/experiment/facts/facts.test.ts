/** The small parts of the experiment, on hand-computed cases. */
import { describe, expect, it } from 'vitest';
import { openDataset } from '../../dataset/dataset.js';
import type { FactKey } from '../../dataset/fact.js';
import { DEMO_DATA } from '../../embedded.js';
import { firstDifference, joinSettings, type Settings } from '../run/settings.js';
import type { FactResult, PromptEffects } from './record.js';
import { meanOverRelations, overallMean, relationMeans } from './relation-means.js';
import { drawUnrelated } from './unrelated.js';

const effects = (pct_change: (number | null)[]): PromptEffects => ({
  pct_change,
  correct_before: pct_change.map(() => true),
  correct_after: pct_change.map(() => true),
  n_prompts: pct_change.length,
});

const result = (
  relation_name: string,
  related: (number | null)[],
  unrelated: (number | null)[],
  [n_refined_neurons, n_unrelated_neurons] = [1, 1],
): FactResult => ({
  suppression: { related: effects(related), unrelated: effects(unrelated) },
  n_refined_neurons,
  n_unrelated_neurons,
  relation_name,
});

describe('the bars of a figure', () => {
  const results = [
    result('P36', [-0.5, -0.1], [0.2, 0]), // means -0.3 and 0.1
    result('P36', [-0.9], [-0.1]),
    result('P39', [0.4], []), // no unrelated prompt: 0, as in the replication's script
    result('P36', [-1], [-1], [0, 3]), // no neuron of its own: left out
    result('P36', [-1], [-1], [3, 0]), // none of its partner: left out
    result('P30', [], []), // nothing measured
  ];

  it("are the mean over facts of the mean over prompts, in PARAREL's order", () => {
    const means = relationMeans(results, 'suppression');
    expect([...means.keys()]).toEqual(['P39', 'P36']);
    expect(means.get('P39')).toEqual({ related: 0.4, unrelated: 0, facts: 1 });
    expect(means.get('P36')?.related).toBeCloseTo(-0.6, 12);
    expect(means.get('P36')?.unrelated).toBeCloseTo(0, 12);
    expect(means.get('P36')?.facts).toBe(2);
  });

  it('have a mean over facts and a mean over relations', () => {
    expect(overallMean(results, 'suppression')?.related).toBeCloseTo((-0.3 - 0.9 + 0.4) / 3, 12);
    const over = meanOverRelations(relationMeans(results, 'suppression'));
    expect(over?.related).toBeCloseTo((-0.6 + 0.4) / 2, 12);
    expect(over?.facts).toBe(3);
    expect(overallMean(results, 'enhancement')).toBeUndefined();
    expect(meanOverRelations(relationMeans(results, 'enhancement'))).toBeUndefined();
  });

  it('leave out prompts whose probability was 0 before', () => {
    expect(overallMean([result('P1', [null, -0.5], [null])], 'suppression')).toEqual({
      related: -0.5,
      unrelated: 0,
      facts: 1,
    });
  });
});

describe('the unrelated fact', () => {
  const facts: FactKey[] = ['a', 'a', 'b', 'c', 'c', 'c'].map((relation, i) => ({
    uuid: `u${i}`,
    relation,
    subject: 's',
    object: 'o',
  }));

  it('is of another relation', () => {
    for (let seed = 0; seed < 200; seed++) {
      const drawn = drawUnrelated(facts, 'relation', seed);
      for (const fact of facts) expect(drawn.get(fact.uuid)?.relation).not.toBe(fact.relation);
    }
  });

  it('is any other fact where that is asked for', () => {
    const relations = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      const drawn = drawUnrelated(facts, 'any', seed);
      for (const fact of facts) expect(drawn.get(fact.uuid)?.uuid).not.toBe(fact.uuid);
      relations.add(drawn.get('u5')?.relation ?? '');
    }
    expect(relations).toEqual(new Set(['a', 'b', 'c']));
  });

  it('depends on the seed, and every candidate is drawn about equally often', () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 3000; seed++) {
      const uuid = drawUnrelated(facts, 'relation', seed).get('u2')?.uuid ?? '';
      counts.set(uuid, (counts.get(uuid) ?? 0) + 1);
    }
    // Five candidates, 600 each; five standard deviations are 110.
    expect([...counts.keys()].sort()).toEqual(['u0', 'u1', 'u3', 'u4', 'u5']);
    for (const count of counts.values()) expect(Math.abs(count - 600)).toBeLessThan(110);
  });

  it('is the same in every run of the demo', async () => {
    const { facts } = await openDataset(DEMO_DATA);
    const once = drawUnrelated(facts, 'relation', 42);
    expect(drawUnrelated(facts, 'relation', 42)).toEqual(once);
    // From an independent draw: Python's int.from_bytes(hashlib.sha256(b'42:<uuid>').digest()[:6]) % 321.
    expect(once.get(facts[0].uuid)?.uuid).toBe('302bb8d9-ce6c-5cd0-9894-16fdad207331');
  });

  it('is refused where there is none', () => {
    expect(() => drawUnrelated(facts.slice(0, 2), 'relation', 1)).toThrow('all facts are of the relation a');
    expect(() => drawUnrelated(facts.slice(0, 1), 'any', 1)).toThrow('a single fact has no unrelated one');
  });
});

describe('settings', () => {
  const onWasm = {
    device: 'cpu',
    name: 'processor',
    engine: 'wasm',
    version: '4',
    workers: 2,
    threads: 1,
    batch_bytes: 210e6,
    memory_was_full: false,
  };
  const settings: Settings = {
    format: 1,
    commands: ['kn find'],
    model: { name: 'm', revision: null },
    data: { relations: ['P36'], limit: null },
    plans: [onWasm],
    versions: { kn: '1' },
    neurons: { share: 0.3 },
  };
  const evaluated: Settings = {
    ...settings,
    commands: ['kn evaluate'],
    unrelated: { rule: 'relation', seed: 42 },
    enhancement: { factor: 2 },
  };

  it('agree with themselves, and with a command that says more or less', () => {
    expect(firstDifference(settings, settings)).toBeUndefined();
    expect(firstDifference(settings, evaluated)).toBeUndefined();
    expect(firstDifference(evaluated, settings)).toBeUndefined();
  });

  it.each<[Partial<Settings>, string]>([
    [{ neurons: { share: 0.5 } }, 'neurons.share: 0.3 there, 0.5 now'],
    [{ neurons: { given_sha256: 'x' } }, 'neurons.share: 0.3 there, not set now'],
    [
      { data: { relations: ['P36', 'P37'], limit: null } },
      'data.relations: ["P36"] there, ["P36","P37"] now',
    ],
    [{ data: { relations: ['P36'], limit: 5 } }, 'data.limit: null there, 5 now'],
    [{ model: { name: 'm', revision: 'a1' } }, 'model.revision: null there, "a1" now'],
    [{ versions: { kn: '2' } }, 'versions.kn: "1" there, "2" now'],
    [{ unrelated: { rule: 'relation', seed: 1 } }, 'unrelated.seed: 42 there, 1 now'],
    [{ unrelated: { rule: 'any', seed: 42 } }, 'unrelated.rule: "relation" there, "any" now'],
    [{ enhancement: { factor: 3 } }, 'enhancement.factor: 2 there, 3 now'],
  ])('differ in the setting that is named: %o', (change, message) => {
    expect(firstDifference(evaluated, { ...evaluated, ...change })).toBe(message);
    expect(() => joinSettings(evaluated, { ...evaluated, ...change }, 'out')).toThrow(
      `out: its results were made with other settings: ${message}`,
    );
  });

  it('join: what a later command adds is kept, and its command listed once', () => {
    const joined = joinSettings(joinSettings(settings, evaluated, 'out'), evaluated, 'out');
    expect(joined.commands).toEqual(['kn find', 'kn evaluate']);
    expect(joined.unrelated).toEqual({ rule: 'relation', seed: 42 });
    expect(joinSettings(joined, settings, 'out').unrelated).toEqual({ rule: 'relation', seed: 42 });
  });

  it('agree whatever computes, and list each of it once', () => {
    const onGpu = { ...onWasm, device: 'cuda:0', engine: 'tensorflow' };
    const joined = joinSettings(settings, { ...settings, plans: [onGpu] }, 'out');
    expect(joinSettings(joined, settings, 'out').plans).toEqual([onWasm, onGpu]);
  });
});
