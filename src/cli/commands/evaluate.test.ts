/** The main job on the demo, undisturbed, and on real facts. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Summary } from '../../experiment/facts/summary.js';
import { evaluate, FACTS, results, SELECTION, uninterrupted } from '../../testing/demo-run.js';
import { finalFiles, kn } from '../../testing/run-kn.js';
import { BERT_MINI, describeWith, REAL_PARAREL } from '../../testing/shared.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const FILES = [
  'demo_pararel_neurons_0.json',
  'demo_pararel_results_0.json',
  'figure3.csv',
  'figure3.svg',
  'figure3.vl.json',
  'figure4.csv',
  'figure4.svg',
  'figure4.vl.json',
  'run.json',
  'summary.csv',
  'summary.json',
];

describe('kn evaluate pararel', () => {
  it('writes every file that the design lists, and says where', async () => {
    const expected = await uninterrupted();
    expect(Object.keys(expected)).toEqual(FILES);
    const folder = results();
    const { code, stdout } = await kn(['evaluate', 'pararel', ...SELECTION, '-r', folder]);
    expect(code).toBe(0);
    for (const file of FILES.filter(name => name !== 'run.json'))
      expect(stdout).toContain(`  ${file}\n`.trimEnd());
    expect(stdout).toContain(`demo: ${FACTS} facts done, 0 skipped, 0 failed`);
    expect(stdout).toMatch(/suppressing +-\d+\.\d% +-?\d+\.\d%\s+18\n/);
  });

  it('gives the same files, byte for byte, with two workers as with one', async () => {
    const expected = await uninterrupted();
    const folder = results();
    await kn(evaluate(folder, '--workers', '2'));
    expect(finalFiles(folder)).toEqual(expected);
  });

  it("keeps the replication's layout: results by uuid, each with a value a prompt", async () => {
    const expected = await uninterrupted();
    const entries: [string, Record<string, unknown>][] = Object.entries(
      JSON.parse(expected['demo_pararel_results_0.json']),
    );
    const neurons: Record<string, [number, number][]> = JSON.parse(expected['demo_pararel_neurons_0.json']);
    expect(entries).toHaveLength(FACTS);
    for (const [uuid, result] of entries) {
      expect(result.n_refined_neurons).toBe(neurons[uuid].length);
      expect(result.n_unrelated_neurons).toBe(neurons[String(result.unrelated_uuid)].length);
      for (const intervention of ['suppression', 'enhancement']) {
        expect(result[intervention]).toMatchObject({
          related: {
            n_prompts: expect.any(Number),
            pct_change: expect.any(Array),
            correct_before: expect.any(Array),
            correct_after: expect.any(Array),
          },
          unrelated: { n_prompts: expect.any(Number) },
        });
      }
    }
  });

  it('measures what its files say: pct_change is (after - before) / before', async () => {
    const expected = await uninterrupted();
    const all: Record<string, { suppression: { related: Record<string, number[]> } }> = JSON.parse(
      expected['demo_pararel_results_0.json'],
    );
    for (const { suppression } of Object.values(all)) {
      const { pct_change, probability_before: before, probability_after: after } = suppression.related;
      pct_change.forEach((change, i) => {
        expect(change).toBe((after[i] - before[i]) / before[i]);
      });
    }
  });

  it('can be had in its parts: find, then suppress, then enhance', async () => {
    const expected = await uninterrupted();
    const folder = results();
    for (const part of ['find', 'suppress', 'enhance']) {
      expect((await kn([part, ...evaluate(folder).slice(2)])).code).toBe(0);
    }
    const { 'run.json': run, ...files } = finalFiles(folder);
    const { 'run.json': whole, ...wanted } = expected;
    expect(files).toEqual(wanted);
    expect(JSON.parse(run).commands).toHaveLength(3);
    expect(JSON.parse(run).neurons).toEqual(JSON.parse(whole).neurons);
  });

  it('takes given neurons, and then writes none', async () => {
    const expected = await uninterrupted();
    const file = join(temporaryFolder(), 'neurons.json');
    writeFileSync(file, expected['demo_pararel_neurons_0.json']);
    const folder = results();
    expect((await kn(evaluate(folder, '--neurons', file))).code).toBe(0);
    const files = finalFiles(folder);
    expect(files['demo_pararel_results_0.json']).toBe(expected['demo_pararel_results_0.json']);
    expect(files['demo_pararel_neurons_0.json']).toBeUndefined();
  });

  it.each([
    ['evaluate', 'pararel', '--neurons', '[]'],
    ['suppress', '--threshold', '99'],
    ['find', '--threshold', '99'],
  ])('says why there is nothing to show where no fact has a neuron: kn %s', async (...args) => {
    const { code, stdout } = await kn([...args, '--model', 'demo', '--limit', '1', '--quiet']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      args[0] === 'find'
        ? /^No fact has a neuron: give other --neurons, or find some with a lower threshold/m
        : /^No fact has a neuron, so nothing was changed and there is no figure: give other --neurons/m,
    );
  });

  it('prints one JSON object for programs, and progress as JSON lines beside it', async () => {
    const { code, stdout, stderr } = await kn(evaluate(results(), '--json'));
    expect(code).toBe(0);
    const summary: Summary & { files: string[] } = JSON.parse(stdout);
    expect(summary.facts).toEqual({ selected: FACTS, done: FACTS, skipped: [], failed: [] });
    expect(summary.suppression?.overFacts?.facts).toBe(FACTS);
    expect(summary.files).toHaveLength(FILES.length - 1);
    for (const line of stderr.trim().split('\n')) expect(JSON.parse(line)).toBeTypeOf('object');
  });

  it('says nothing but its summary with --quiet', async () => {
    const { stdout, stderr } = await kn(evaluate(results(), '--quiet'));
    expect(stderr).toBe('');
    expect(stdout).toContain(`${FACTS} facts done`);
  });
});

describeWith(REAL_PARAREL, "real facts on a model with bert-base-uncased's vocabulary", () => {
  it('run as they stand', async () => {
    const folder = results();
    const args = [
      'evaluate',
      'pararel',
      '--model',
      BERT_MINI,
      '--data',
      REAL_PARAREL,
      '--relations',
      'P36,P103',
      '--limit',
      '2',
    ];
    const { code } = await kn([...args, '--workers', '1', '--results', folder]);
    expect(code).toBe(0);
    const summary: Summary = JSON.parse(finalFiles(folder)['summary.json']);
    expect(summary.facts).toMatchObject({ selected: 4, done: 4 });
    expect(summary.accuracy).toBeGreaterThan(0.8);
  });
});
