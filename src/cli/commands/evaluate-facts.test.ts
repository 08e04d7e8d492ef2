/** Facts of the main job that cannot be done, or fail. */
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { DEMO_DATA } from '../../embedded.js';
import type { Summary } from '../../experiment/facts/summary.js';
import { evaluate, FACTS, results, uninterrupted } from '../../testing/demo-run.js';
import { childrenOf, finalFiles, kn, startKn, untilJournalHas } from '../../testing/run-kn.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

function killWorkersOf(child: ChildProcess): void {
  for (const worker of childrenOf(child)) {
    try {
      process.kill(worker, 'SIGKILL');
    } catch {
      // It has just ended by itself.
    }
  }
}

describe('facts that cannot be done', () => {
  it('are skipped where their object is more tokens than are asked for, counted and listed', async () => {
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
      '--max-answer-tokens',
      '1',
      '--results',
      folder,
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain('17 facts done, 1 skipped, 0 failed');
    const summary: Summary = JSON.parse(finalFiles(folder)['summary.json']);
    expect(summary.facts.skipped).toMatchObject([
      { uuid: 'odd', relation: 'P36', subject: 'Ethiopia', object: 'Addis Ababa' },
    ]);
    expect(summary.facts.skipped[0].reason).toMatch(
      /^the object is \d+ tokens, and --max-answer-tokens is 1$/,
    );
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
    expect(stdout).toMatch(
      /\nSkipped, and why \(each in summary\.json\):\n {2}1: the prompt .* tokens long, and the model takes 64\n/,
    );
  });

  it('fail where three workers died at them, with exit code 3; the same command then mends it', async () => {
    const expected = await uninterrupted();
    const folder = results();
    const { child, finished } = startKn(evaluate(folder));
    await untilJournalHas(folder, 3);
    for (const end = Date.now() + 1200; Date.now() < end; await setTimeout(50)) killWorkersOf(child);
    const { code, stdout } = await finished;
    expect(code).toBe(3);
    const { facts }: Summary = JSON.parse(finalFiles(folder)['summary.json']);
    expect(facts.failed.length).toBeGreaterThan(0);
    expect(facts.done + facts.failed.length).toBe(FACTS);
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
    // A person who kills is not taken for full memory: all was computed with the same batches.
    expect(JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')).plans).toHaveLength(1);
  });

  it('stop the run where nothing succeeds', async () => {
    const folder = results();
    const { child, finished } = startKn(evaluate(folder));
    let ended = false;
    void finished.then(() => {
      ended = true;
    });
    for (; !ended; await setTimeout(5)) {
      // Once the run has begun, no worker lives long enough to finish a fact.
      if (existsSync(join(folder, 'journal.jsonl'))) killWorkersOf(child);
    }
    const { code, stderr } = await finished;
    expect(code).toBe(1);
    expect(stderr).toContain('the first 5 facts all failed, the last because: the worker died (SIGKILL)');
  });
});
