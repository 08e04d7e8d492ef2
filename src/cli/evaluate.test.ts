/** The main job on the demo, run to its end in every way: at once, in parts, killed, refused. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { DEMO_DATA } from '../embedded.js';
import type { Summary } from '../experiment/summary.js';
import { childrenOf, finalFiles, journalLines, kn, startKn, untilJournalHas } from '../testing/run-kn.js';
import { BERT_MINI, describeWith, REAL_PARAREL } from '../testing/shared.js';
import { canMount, smallDisk } from '../testing/small-disk.js';
import { temporaryFolder } from '../testing/temporary-folder.js';

/** 45 facts of 9 relations. */
const SUBSET = ['--model', 'demo', '--limit', '5'];
const evaluate = (folder: string, ...more: string[]) => [
  'evaluate',
  'pararel',
  ...SUBSET,
  '--results',
  folder,
  ...more,
];

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

const results = () => join(temporaryFolder(), 'out');

let reference: Promise<Record<string, string>> | undefined;

/** The files of a run that nothing disturbed. */
function uninterrupted(): Promise<Record<string, string>> {
  reference ??= (async () => {
    const folder = results();
    await kn(evaluate(folder, '--workers', '1'));
    return finalFiles(folder);
  })();
  return reference;
}

describe('kn evaluate pararel', () => {
  it('writes every file that the design lists, and says where', async () => {
    const expected = await uninterrupted();
    expect(Object.keys(expected)).toEqual(FILES);
    const folder = results();
    const { code, stdout } = await kn(evaluate(folder));
    expect(code).toBe(0);
    for (const file of FILES.filter(name => name !== 'run.json'))
      expect(stdout).toContain(`  ${file}\n`.trimEnd());
    expect(stdout).toContain('demo: 45 facts done, 0 skipped, 0 failed');
    expect(stdout).toMatch(/suppressing +-\d+\.\d% +-?\d+\.\d% +45 +-37\.03% +-0\.39%/);
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
    expect(entries).toHaveLength(45);
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
      expect((await kn([part, ...SUBSET, '--results', folder])).code).toBe(0);
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

  it('prints one JSON object for programs, and progress as JSON lines beside it', async () => {
    const { code, stdout, stderr } = await kn(evaluate(results(), '--json'));
    expect(code).toBe(0);
    const summary: Summary & { files: string[] } = JSON.parse(stdout);
    expect(summary.facts).toEqual({ selected: 45, done: 45, skipped: [], failed: [] });
    expect(summary.suppression?.overFacts.facts).toBe(45);
    expect(summary.files).toHaveLength(FILES.length - 1);
    for (const line of stderr.trim().split('\n')) expect(JSON.parse(line)).toBeTypeOf('object');
  });

  it('says nothing but its summary with --quiet', async () => {
    const { stdout, stderr } = await kn(evaluate(results(), '--quiet'));
    expect(stderr).toBe('');
    expect(stdout).toContain('45 facts done');
  });
});

describe('nothing that was done is lost', () => {
  it('when a worker is killed with kill -9: the run goes on, and its files are the same', async () => {
    const expected = await uninterrupted();
    const folder = results();
    const { child, finished } = startKn(evaluate(folder, '--workers', '2'));
    await untilJournalHas(folder, 5);
    for (const worker of childrenOf(child)) process.kill(worker, 'SIGKILL');
    expect((await finished).code).toBe(0);
    expect(finalFiles(folder)).toEqual(expected);
  });

  it('when the whole run is killed with kill -9: the same command goes on where it stopped', async () => {
    const expected = await uninterrupted();
    const folder = results();
    const { child, finished } = startKn(evaluate(folder));
    await untilJournalHas(folder, 8);
    child.kill('SIGKILL');
    await finished;
    const kept = journalLines(folder);
    expect(kept.length).toBeGreaterThanOrEqual(8);
    expect(kept.length).toBeLessThan(45);
    const again = await kn(evaluate(folder, '--workers', '1'));
    expect(again.code).toBe(0);
    expect(again.stderr).toMatch(new RegExp(`facts: ${kept.length}/45`));
    expect(journalLines(folder).slice(0, kept.length)).toEqual(kept);
    expect(journalLines(folder)).toHaveLength(45);
    expect(finalFiles(folder)).toEqual(expected);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'when it is interrupted with %s: exit code 130, no worker left, and it goes on',
    async signal => {
      const expected = await uninterrupted();
      const folder = results();
      const { child, finished } = startKn(evaluate(folder));
      await untilJournalHas(folder, 5);
      const workers = childrenOf(child);
      child.kill(signal);
      const { code, stderr } = await finished;
      expect(code).toBe(130);
      expect(stderr).toContain('Interrupted. Finished facts are kept');
      expect(stderr).not.toContain('    at ');
      for (const worker of workers) expect(() => process.kill(worker, 0)).toThrow();
      expect(Object.keys(finalFiles(folder))).toEqual(['run.json']);
      expect((await kn(evaluate(folder))).code).toBe(0);
      expect(finalFiles(folder)).toEqual(expected);
    },
  );

  it('when a file may grow no more: exit code 1, and it goes on once it may', async () => {
    const expected = await uninterrupted();
    const folder = results();
    const { code, stderr } = await kn(evaluate(folder), { shell: 'ulimit -f 40;' });
    expect(code).toBe(1);
    expect(stderr).toContain('journal.jsonl: cannot be written (file too large)');
    expect(stderr).toContain('Everything done so far is safe');
    expect(stderr).not.toContain('    at ');
    expect(journalLines(folder).length).toBeGreaterThan(3);
    expect((await kn(evaluate(folder))).code).toBe(0);
    expect(finalFiles(folder)).toEqual(expected);
  });

  const why = canMount ? '' : ' (skipped: this user may not mount a small file system)';
  it.skipIf(!canMount)(
    `when the disk is full: exit code 1, and it goes on once there is room${why}`,
    async () => {
      const expected = await uninterrupted();
      const folder = results();
      const disk = temporaryFolder();
      const shell = smallDisk(disk, '64k', folder);
      const { code, stderr } = await kn(evaluate(join(disk, 'out')), { shell });
      expect(code).toBe(1);
      expect(stderr).toContain('journal.jsonl: cannot be written (no space left on device)');
      expect(journalLines(folder).length).toBeGreaterThan(3);
      expect((await kn(evaluate(folder))).code).toBe(0);
      expect(finalFiles(folder)).toEqual(expected);
    },
  );

  it('when it is done already: nothing is computed again', async () => {
    const expected = await uninterrupted();
    const folder = results();
    await kn(evaluate(folder));
    const journal = journalLines(folder);
    const { code, stderr } = await kn(evaluate(folder));
    expect(code).toBe(0);
    expect(stderr).toContain('facts: 45/45');
    expect(journalLines(folder)).toEqual(journal);
    expect(finalFiles(folder)).toEqual(expected);
  });
});

describe('a results folder', () => {
  it('is refused to a second run while the first is alive', async () => {
    const expected = await uninterrupted();
    const folder = results();
    const { child, finished } = startKn(evaluate(folder));
    await untilJournalHas(folder, 2);
    const second = await kn(evaluate(folder));
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`${folder}: a run is at work there (process ${child.pid}`);
    expect((await finished).code).toBe(0);
    expect(finalFiles(folder)).toEqual(expected);
  });

  it.each([
    [['--share', '0.5'], 'neurons.share: 0.3 there, 0.5 now'],
    [['--steps', '10'], 'neurons.steps: 20 there, 10 now'],
    [['--seed', '1'], 'unrelated.seed: 42 there, 1 now'],
    [['--factor', '3'], 'enhancement.factor: 2 there, 3 now'],
    [['--relations', 'P36,P30'], 'data.sha256'],
  ])('is refused to other settings, which are named: %o', async (more, message) => {
    const expected = await uninterrupted();
    const folder = results();
    mkdirSync(folder);
    for (const [name, content] of Object.entries(expected)) writeFileSync(join(folder, name), content);
    const { code, stderr } = await kn(evaluate(folder, ...more));
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).toContain('--fresh');
    expect(finalFiles(folder)).toEqual(expected);
  });

  it('begins again with --fresh, and what was there moves aside', async () => {
    const expected = await uninterrupted();
    const folder = results();
    mkdirSync(folder);
    for (const [name, content] of Object.entries(expected)) writeFileSync(join(folder, name), content);
    const { code } = await kn(evaluate(folder, '--share', '0.5', '--fresh'));
    expect(code).toBe(0);
    expect(finalFiles(join(folder, 'old-1'))).toEqual(expected);
    expect(JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')).neurons.share).toBe(0.5);

    const second = finalFiles(folder);
    await kn(evaluate(folder, '--relations', 'P36,P30', '--fresh'));
    expect(finalFiles(join(folder, 'old-2'))).toEqual(second);
    expect(finalFiles(join(folder, 'old-1'))).toEqual(expected);
  });
});

describe('facts that cannot be done', () => {
  it('are skipped where their object is not one token, counted and listed', async () => {
    const data = temporaryFolder();
    await cp(DEMO_DATA, data, { recursive: true });
    const file = join(data, 'trex_lms_vocab', 'P36.jsonl');
    const odd = JSON.stringify({ sub_label: 'Ethiopia', obj_label: 'Addis Ababa', uuid: 'odd' });
    writeFileSync(file, `${odd}\n${readFileSync(file, 'utf8')}`);
    const folder = results();
    const { code, stdout } = await kn([
      'evaluate',
      'pararel',
      '--model',
      'demo',
      '--data',
      data,
      '--limit',
      '2',
      '--results',
      folder,
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain('17 facts done, 1 skipped, 0 failed');
    const summary: Summary = JSON.parse(finalFiles(folder)['summary.json']);
    expect(summary.facts.skipped).toMatchObject([
      { uuid: 'odd', relation: 'P36', subject: 'Ethiopia', object: 'Addis Ababa' },
    ]);
    expect(summary.facts.skipped[0].reason).toContain('the object is');
  });

  it('are skipped where a prompt is longer than the model takes', async () => {
    const data = temporaryFolder();
    await cp(DEMO_DATA, data, { recursive: true });
    const file = join(data, 'trex_lms_vocab', 'P36.jsonl');
    const long = JSON.stringify({ sub_label: 'France '.repeat(80), obj_label: 'Paris', uuid: 'long' });
    writeFileSync(file, `${long}\n${readFileSync(file, 'utf8')}`);
    const { code, stdout } = await kn([
      'find',
      '--model',
      'demo',
      '--data',
      data,
      '--limit',
      '2',
      '--results',
      results(),
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain('17 facts done, 1 skipped, 0 failed');
    expect(stdout).toMatch(/Skipped, the first: long: the prompt .* tokens long, and the model takes 64/);
  });

  it('fail where three workers died at them, with exit code 3; the same command then mends it', async () => {
    const expected = await uninterrupted();
    const folder = results();
    const { child, finished } = startKn(evaluate(folder));
    await untilJournalHas(folder, 3);
    for (const end = Date.now() + 1200; Date.now() < end; await setTimeout(50)) {
      for (const worker of childrenOf(child)) process.kill(worker, 'SIGKILL');
    }
    const { code, stdout } = await finished;
    expect(code).toBe(3);
    const { facts }: Summary = JSON.parse(finalFiles(folder)['summary.json']);
    expect(facts.failed.length).toBeGreaterThan(0);
    expect(facts.done + facts.failed.length).toBe(45);
    expect(facts.failed[0].error).toBe('the worker died (SIGKILL)');
    const uuids = facts.failed.map(({ uuid }) => uuid);
    for (const { error } of facts.failed) {
      const partner = /^its unrelated fact (.+) failed$/.exec(error)?.[1];
      expect(partner === undefined ? error : uuids.includes(partner)).toBe(
        partner === undefined ? 'the worker died (SIGKILL)' : true,
      );
    }
    expect(stdout).toContain('The same command tries the failed ones again.');
    expect(Object.keys(JSON.parse(finalFiles(folder)['demo_pararel_results_0.json']))).toHaveLength(
      facts.done,
    );
    expect((await kn(evaluate(folder))).code).toBe(0);
    expect(finalFiles(folder)).toEqual(expected);
  });

  it('stop the run where nothing succeeds', async () => {
    const folder = results();
    const { child, finished } = startKn(evaluate(folder));
    let ended = false;
    void finished.then(() => {
      ended = true;
    });
    for (; !ended; await setTimeout(20)) {
      // Once the run has begun, no worker lives long enough to finish a fact.
      if (existsSync(join(folder, 'journal.jsonl'))) {
        for (const worker of childrenOf(child)) process.kill(worker, 'SIGKILL');
      }
    }
    const { code, stderr } = await finished;
    expect(code).toBe(1);
    expect(stderr).toContain('the first 5 facts all failed, the last because: the worker died (SIGKILL)');
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
    const { code } = await kn([...args, '--results', folder]);
    expect(code).toBe(0);
    const summary: Summary = JSON.parse(finalFiles(folder)['summary.json']);
    expect(summary.facts).toMatchObject({ selected: 4, done: 4 });
    expect(summary.accuracy).toBeGreaterThan(0.8);
  });
});
