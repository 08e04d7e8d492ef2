/** The main job as Dai et al.'s code does it, on a part of the demo: 12 facts of 4 relations. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FactRecord, FactResult } from '../../experiment/facts/record.js';
import type { Summary } from '../../experiment/facts/summary.js';
import { finalFiles, journalLines, kn, startKn, untilJournalHas } from '../../testing/run-kn.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const DEMO = ['--model', 'demo', '--protocol', 'dai', '--relations', 'P36,P30,P176,P407', '--limit', '3'];
const FACTS = 12;
const evaluate = (folder: string, ...more: string[]) => [
  ...['evaluate', 'pararel', ...DEMO, '--workers', '1', '--results', folder],
  ...more,
];
const results = () => join(temporaryFolder(), 'out');

let reference: Promise<Record<string, string>> | undefined;

/** The files of a run that nothing disturbed, and its journal. */
function uninterrupted(): Promise<Record<string, string>> {
  reference ??= (async () => {
    const folder = results();
    const { code, stdout } = await kn(evaluate(folder));
    expect(code).toBe(0);
    return { ...finalFiles(folder), journal: journalLines(folder).join('\n'), stdout };
  })();
  return reference;
}

async function expectedFiles(): Promise<Record<string, string>> {
  const { journal: _, stdout: __, ...files } = await uninterrupted();
  return files;
}

/** A folder where that run is done. */
async function finishedFolder(): Promise<string> {
  const { journal, 'run.json': run } = await uninterrupted();
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'run.json'), run);
  writeFileSync(join(folder, 'journal.jsonl'), `${journal}\n`);
  return folder;
}

describe('kn evaluate pararel --protocol dai', () => {
  it('keeps counts of prompts, and finds the neurons that the tuned share makes of them', async () => {
    const files = await uninterrupted();
    const { tuning }: Summary = JSON.parse(files['summary.json']);
    const knowledge: Record<string, number[][]> = JSON.parse(files['demo_pararel_neurons_0.json']);
    const baseline: Record<string, number[][]> = JSON.parse(files['demo_pararel_baseline_0.json']);
    const all: Record<string, FactResult> = JSON.parse(files['demo_pararel_results_0.json']);
    const records: FactRecord[] = files.journal.split('\n').map(line => JSON.parse(line));
    const counted = records.filter(({ counts }) => counts);
    expect(counted).toHaveLength(FACTS);
    expect(records).toHaveLength(2 * FACTS);
    for (const { uuid, counts } of counted) {
      if (!counts) continue;
      const found = tuning?.[all[uuid].relation_name];
      const shared = (list: number[][], share = 0) =>
        list.filter(([, , count]) => count >= Math.max(share * counts.prompts, 3)).map(([l, i]) => [l, i]);
      expect(knowledge[uuid]).toEqual(shared(counts.knowledge, found?.knowledge.share));
      expect(baseline[uuid]).toEqual(shared(counts.baseline, found?.baseline.share));
      expect(counts.knowledge.every(([, , count]) => count >= 3 && count <= counts.prompts)).toBe(true);
      expect(all[uuid]).toMatchObject({
        n_refined_neurons: knowledge[uuid].length,
        n_baseline_neurons: baseline[uuid].length,
      });
    }
    for (const { knowledge, baseline } of Object.values(tuning ?? {})) {
      for (const { neuronsPerFact, tries } of [knowledge, baseline])
        expect(tries === 6 || (neuronsPerFact >= 2 && neuronsPerFact <= 5)).toBe(true);
    }
  });

  it('measures both kinds of neurons on the same prompts, and its bars are ratios of means', async () => {
    const files = await uninterrupted();
    const all = Object.values<FactResult>(JSON.parse(files['demo_pararel_results_0.json']));
    const summary: Summary = JSON.parse(files['summary.json']);
    for (const name of ['suppression', 'enhancement'] as const) {
      for (const [relation, change] of Object.entries(summary[name]?.relations ?? {})) {
        const effects = all.filter(fact => fact.relation_name === relation).flatMap(fact => fact[name] ?? []);
        for (const side of ['related', 'baseline', 'unrelated'] as const) {
          const before = effects.flatMap(effect => effect[side]?.probability_before ?? []);
          const after = effects.flatMap(effect => effect[side]?.probability_after ?? []);
          const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
          expect(change[side]).toBeCloseTo(mean(after) / mean(before) - 1, 10);
        }
        expect(change.facts).toBe(3);
      }
      for (const { [name]: effects } of all) {
        effects?.baseline?.probability_before?.forEach((probability, i) => {
          expect(probability).toBeCloseTo(effects.related.probability_before?.[i] ?? -1, 5);
        });
      }
    }
    const bars = files['figure3.csv'].split('\n').slice(1, -1);
    expect(bars).toHaveLength(8);
    expect(bars[0]).toBe(`P176,Knowledge neurons,${summary.suppression?.relations.P176.related},3`);
    expect(bars[1]).toBe(`P176,Baseline neurons,${summary.suppression?.relations.P176.baseline},3`);
  });

  it.each([
    ['related', 'demo_pararel_neurons_0.json'],
    ['baseline', 'demo_pararel_baseline_0.json'],
  ] as const)("has as %s what suppressing the file's neurons does: %s", async (side, name) => {
    const files = await uninterrupted();
    const file = join(temporaryFolder(), 'neurons.json');
    writeFileSync(file, files[name]);
    const folder = results();
    const selection = ['--model', 'demo', ...DEMO.slice(4)];
    expect(
      (await kn(['suppress', ...selection, '--workers', '1', '--neurons', file, '--results', folder])).code,
    ).toBe(0);
    const given: Record<string, FactResult> = JSON.parse(finalFiles(folder)['demo_pararel_results_0.json']);
    const all: Record<string, FactResult> = JSON.parse(files['demo_pararel_results_0.json']);
    expect(Object.keys(given)).toHaveLength(FACTS);
    for (const [uuid, { suppression }] of Object.entries(all))
      expect(suppression?.[side]).toEqual(given[uuid].suppression?.related);
  });

  it('records the protocol with every number of it, and prints its measure', async () => {
    const files = await uninterrupted();
    const { protocol, neurons, commands } = JSON.parse(files['run.json']);
    expect(protocol.name).toBe('dai');
    expect(neurons).toMatchObject({
      ...{ method: 'integrated_gradients', rule: 'riemann_left', steps: 20 },
      ...{ threshold: 'adaptive', threshold_value: 0.2, threshold_comparison: 'at least' },
      ...{ share: 0.7, share_comparison: 'at least', least_prompts: 3, share_step: 0.05, share_tries: 6 },
      ...{ fewest_neurons_per_fact: 2, most_neurons_per_fact: 5 },
      ...{ baseline_method: 'activation', baseline_threshold_value: 0.5, baseline_share: 0.7 },
    });
    expect(commands[0]).toContain('--protocol dai --method integrated_gradients --rule riemann_left');
    expect(files.stdout).toMatch(/knowledge neurons +baseline neurons +unrelated facts/);
    expect(files['summary.csv']).toMatch(/,share,neurons_per_fact,baseline_share,baseline_neurons_per_fact,/);
  });

  it('is drawn the same by kn plot', async () => {
    const files = await expectedFiles();
    const folder = temporaryFolder();
    const name = 'demo_pararel_results_0.json';
    writeFileSync(join(folder, name), files[name]);
    expect((await kn(['plot', '--results', folder])).code).toBe(0);
    for (const figure of ['figure3.svg', 'figure4.svg'])
      expect(readFileSync(join(folder, figure), 'utf8')).toBe(files[figure]);
  });

  it('gives the same files with two workers, and in its parts', async () => {
    const expected = await expectedFiles();
    const two = results();
    await kn(evaluate(two, '--workers', '2'));
    expect(finalFiles(two)).toEqual(expected);
    const parts = results();
    for (const part of ['find', 'suppress', 'enhance'])
      expect((await kn([part, ...evaluate(parts).slice(2)])).code).toBe(0);
    const { 'run.json': _, ...files } = finalFiles(parts);
    const { 'run.json': __, ...wanted } = expected;
    expect(files).toEqual(wanted);
  });

  it.each([5, 17])('goes on after kill -9 with %i lines in its journal, to the same files', async lines => {
    const expected = await expectedFiles();
    const folder = results();
    const { child, finished } = startKn(evaluate(folder));
    await untilJournalHas(folder, lines);
    child.kill('SIGKILL');
    await finished;
    const kept = journalLines(folder);
    expect(kept.length).toBeLessThan(2 * FACTS);
    expect((await kn(evaluate(folder))).code).toBe(0);
    expect(journalLines(folder).slice(0, kept.length)).toEqual(kept);
    expect(journalLines(folder)).toHaveLength(2 * FACTS);
    expect(finalFiles(folder)).toEqual(expected);
  });

  it('measures again what the journal has of other neurons', async () => {
    const expected = await expectedFiles();
    const folder = await finishedFolder();
    const journal = join(folder, 'journal.jsonl');
    // As if a fact that failed at first had been counted since, and the share had come out otherwise.
    const lines = journalLines(folder);
    const record: FactRecord = JSON.parse(lines[2 * FACTS - 3]);
    record.neurons = [[0, 0]];
    lines[2 * FACTS - 3] = JSON.stringify(record);
    writeFileSync(journal, `${lines.join('\n')}\n`);
    expect((await kn(evaluate(folder))).stderr).toContain('measuring: 11/12');
    expect(journalLines(folder)).toHaveLength(2 * FACTS + 1);
    expect(finalFiles(folder)).toEqual(expected);
  });

  it('refuses a folder of other facts or of the other protocol, whose shares are others', async () => {
    const folder = await finishedFolder();
    for (const [more, message] of [
      [['--limit', '2'], 'data.limit: 3 there, 2 now'],
      [['--protocol', 'eleutherai'], 'protocol.name: "dai" there, "eleutherai" now'],
      [['--steps', '10'], 'neurons.steps: 20 there, 10 now'],
    ] as const) {
      const { code, stderr } = await kn(evaluate(folder, ...more));
      expect(code).toBe(1);
      expect(stderr).toContain(message);
    }
  });

  it('lets options go before the protocol, and says so in run.json', async () => {
    const folder = results();
    const more = [
      '--rule',
      'riemann_right',
      '--steps',
      '4',
      '--share',
      '0.8',
      '--adaptive-threshold',
      '0.25',
    ];
    expect((await kn(['find', ...evaluate(folder, ...more).slice(2)])).code).toBe(0);
    const { protocol, neurons } = JSON.parse(finalFiles(folder)['run.json']);
    expect(protocol.name).toBe('dai');
    expect(neurons).toMatchObject({ rule: 'riemann_right', steps: 4, share: 0.8, threshold_value: 0.25 });
    expect(neurons).toMatchObject({ baseline_share: 0.8, baseline_threshold_value: 0.5 });
  });

  it('leaves out knowledge neurons that are coarse in a negative prompt, before the share is tuned', async () => {
    const { journal } = await uninterrupted();
    const folder = results();
    expect((await kn(['find', ...evaluate(folder, '--negatives', '3').slice(2)])).code).toBe(0);
    const counts = (line: string): FactRecord => JSON.parse(line);
    const without = new Map(
      journal
        .split('\n')
        .map(counts)
        .flatMap(({ uuid, counts }) => (counts ? [[uuid, counts] as const] : [])),
    );
    let left = 0;
    for (const { uuid, counts: fewer } of journalLines(folder).map(counts)) {
      const before = without.get(uuid);
      expect(before?.knowledge).toEqual(expect.arrayContaining(fewer?.knowledge ?? [[0, 0, 0]]));
      expect(fewer?.baseline).toEqual(before?.baseline);
      left += (before?.knowledge.length ?? 0) - (fewer?.knowledge.length ?? 0);
    }
    expect(left).toBeGreaterThan(0);
    expect(JSON.parse(finalFiles(folder)['run.json']).neurons).toMatchObject({
      negatives: 3,
      negatives_seed: 42,
    });
  });

  it('takes no given neurons', async () => {
    const { code, stderr } = await kn(evaluate(results(), '--neurons', '[[1,42]]'));
    expect(code).toBe(2);
    expect(stderr).toContain('--neurons: --protocol dai finds its neurons itself');
  });
});

describe('kn find --protocol dai', () => {
  const prompts = ['france is governed from [MASK].', 'the ministries of france are in [MASK].'];
  const third = 'the government of france has its seat in [MASK].';
  const find = (asked: readonly string[], ...more: string[]) =>
    kn([
      ...['find', '--model', 'demo', '--answer', 'paris', '--protocol', 'dai', ...more],
      ...asked.flatMap(prompt => ['--prompt', prompt]),
    ]);

  it('takes for one fact the thresholds, and 0.7 of the prompts or more without any tuning', async () => {
    const { stdout } = await find([...prompts, third], '--json');
    const found: { neurons: number[][]; prompts: { coarse: number[][] }[] } = JSON.parse(stdout);
    const inAll = found.prompts[0].coarse.filter(neuron =>
      found.prompts.every(({ coarse }) => coarse.map(String).includes(String(neuron))),
    );
    expect(inAll.length).toBeGreaterThan(0);
    expect(found.neurons).toEqual(inAll);
    expect((await find([...prompts, third])).stdout).toContain(
      'coarse in 0.7 or more of 3 prompts, and in 3 at least',
    );
  });

  it('finds none with fewer than 3 prompts', async () => {
    const { stdout } = await find(prompts);
    expect(stdout).toContain(
      '0 refined neurons of "paris": coarse in 0.7 or more of 2 prompts, and in 3 at least',
    );
  });
});
