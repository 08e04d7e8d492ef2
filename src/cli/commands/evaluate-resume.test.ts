/** The main job killed, interrupted, out of disk, refused: what was done is kept, and goes on. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluate, FACTS, finishedFolder, results, uninterrupted } from '../../testing/demo-run.js';
import { childrenOf, finalFiles, journalLines, kn, startKn, untilJournalHas } from '../../testing/run-kn.js';
import { canMount, smallDisk } from '../../testing/small-disk.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

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
    expect(kept.length).toBeLessThan(FACTS);
    const again = await kn(evaluate(folder));
    expect(again.code).toBe(0);
    expect(again.stderr).toMatch(new RegExp(`facts: ${kept.length}/${FACTS}`));
    expect(journalLines(folder).slice(0, kept.length)).toEqual(kept);
    expect(journalLines(folder)).toHaveLength(FACTS);
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
    const { code, stderr } = await kn(evaluate(folder), { shell: 'ulimit -f 30;' });
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
      const shell = smallDisk(disk, '40k', folder);
      const { code, stderr } = await kn(evaluate(join(disk, 'out')), { shell });
      expect(code).toBe(1);
      expect(stderr).toContain('journal.jsonl: cannot be written (no space left on device)');
      expect(journalLines(folder).length).toBeGreaterThan(3);
      expect((await kn(evaluate(folder))).code).toBe(0);
      expect(finalFiles(folder)).toEqual(expected);
    },
  );

  it('when lines in the middle are torn: they are named, and their facts done again', async () => {
    const expected = await uninterrupted();
    const folder = await finishedFolder();
    const lines = journalLines(folder);
    // Torn by two writers, a hole, and one of two lines of a fact: neurons are lost, effects of others perhaps are left.
    const { neurons: _, ...effects } = JSON.parse(lines[9]);
    effects.suppression.related.pct_change.fill(0.123);
    const torn = [
      ...lines.slice(0, 3),
      lines[3].slice(0, 40) + lines[4],
      '\0'.repeat(512),
      ...lines.slice(6, 9),
      JSON.stringify(effects),
      ...lines.slice(10),
    ];
    writeFileSync(join(folder, 'journal.jsonl'), `${torn.join('\n')}\n`);
    for (const name of Object.keys(expected)) if (name !== 'run.json') rmSync(join(folder, name));
    const { code, stderr } = await kn(evaluate(folder));
    expect(code).toBe(0);
    const path = join(folder, 'journal.jsonl');
    expect(stderr.match(/torn/g)).toHaveLength(1);
    expect(stderr).toContain(`${path}:4, ${path}:5: torn lines, left out: their facts are done again`);
    const again = [3, 4, 5, 9].map(i => JSON.parse(lines[i]).uuid);
    expect(
      journalLines(folder)
        .slice(torn.length)
        .map(line => JSON.parse(line).uuid)
        .sort(),
    ).toEqual(again.sort());
    expect(finalFiles(folder)).toEqual(expected);
  });

  it('when it is done already: nothing is computed again, and no worker is started', async () => {
    const expected = await uninterrupted();
    const folder = await finishedFolder();
    const journal = journalLines(folder);
    const scripts = join(temporaryFolder(), 'scripts');
    const note = join(temporaryFolder(), 'note.mjs');
    writeFileSync(
      note,
      `import { appendFileSync } from 'node:fs'; appendFileSync(${JSON.stringify(scripts)}, process.argv[1] + '\\n');`,
    );
    const env = { NODE_OPTIONS: `--import=${note}` };
    const { code, stderr } = await kn(evaluate(folder), { env });
    expect(code).toBe(0);
    expect(readFileSync(scripts, 'utf8')).toMatch(/kn\.js/);
    expect(readFileSync(scripts, 'utf8')).not.toMatch(/worker\.js/);
    expect(stderr).toContain(`facts: ${FACTS}/${FACTS}`);
    expect(journalLines(folder)).toEqual(journal);
    expect(finalFiles(folder)).toEqual(expected);
    // Nor does run.json name a machine that computed nothing: the folder was made without any.
    expect(JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')).plans).toEqual([]);
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
    expect(second.stderr).toContain(
      `${folder}: a run is at work there (process ${child.pid} on ${hostname()}, since `,
    );
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
    const folder = await finishedFolder();
    const { code, stderr } = await kn(evaluate(folder, ...more));
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).toContain('--fresh');
    expect(finalFiles(folder)).toEqual(expected);
  });

  it('begins again with --fresh, and what was there moves aside', async () => {
    const expected = await uninterrupted();
    const folder = await finishedFolder();
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
