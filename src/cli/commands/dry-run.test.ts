/** `--dry-run`: what a run would do, and none of it done. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectRefusal } from '../../testing/expect-refusal.js';
import { kn } from '../../testing/run-kn.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const DEMO = ['--model', 'demo', '--limit', '2', '--engine', 'wasm', '--dry-run'];

describe('kn --dry-run', () => {
  it.each([
    [['find'], ['finding neurons'], 'Into results/demo: demo_pararel_neurons_0.json, summary.json\n'],
    [
      ['suppress'],
      ['finding neurons', 'suppressing'],
      'summary.csv, figure3.svg, figure3.vl.json, figure3.csv, summary.json\n',
    ],
    [['evaluate', 'pararel'], ['finding neurons', 'suppressing and enhancing'], 'results_0.json'],
    [['evaluate', 'pararel', '--protocol', 'dai'], ['finding neurons'], 'demo_pararel_baseline_0.json'],
    [
      ['evaluate', 'update'],
      ['finding neurons', 'updating'],
      'Into results/demo-update: demo_pararel_neurons_0.json, update.csv, update.json\n',
    ],
    [
      ['evaluate', 'erasure', '--erase', 'P36'],
      ['finding neurons', 'erasing'],
      'erasure.csv, erasure.json\n',
    ],
  ])(
    'of %o says the command, the work, the devices and the files, and writes nothing',
    async (args, work, files) => {
      const cwd = temporaryFolder();
      const { code, stdout, stderr } = await kn([...args, ...DEMO], { cwd });
      expect(stderr).toBe('');
      expect(code).toBe(0);
      expect(stdout).toContain(`kn ${args.slice(0, 2).join(' ')}`.trim());
      expect(stdout).toContain('demo: 2 layers of 512 neurons');
      expect(stdout).toMatch(/18 facts of 9 relations to do, 0 skipped/);
      for (const name of work) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
      expect(stdout).toMatch(
        /^cpu \(.*\): wasm engine, \d+ workers? of 1 thread, batches of 210 MB, about \d+ MB/m,
      );
      expect(stdout).toContain(files);
      expect(readdirSync(cwd)).toEqual([]);
    },
  );

  it('prints its command, which gives the run that was planned, and one object with --json', async () => {
    const cwd = temporaryFolder();
    const { stdout } = await kn(['find', ...DEMO, '--relations', 'P36', '--json'], { cwd });
    const plan = JSON.parse(stdout);
    expect(plan).toMatchObject({ facts: { planned: 2, skipped: [] }, folder: 'results/demo' });
    expect(existsSync(join(cwd, 'results'))).toBe(false);
    const words: string[] = plan.command.split(' ').slice(1);
    expect((await kn([...words, '--engine', 'wasm'], { cwd })).code).toBe(0);
    const { stdout: again } = await kn(['find', ...DEMO, '--relations', 'P36', '--json'], { cwd });
    expect(JSON.parse(again).command).toBe(plan.command);
  });

  it('finds what the run would refuse', async () => {
    await expectRefusal(['find', ...DEMO, '--relations', 'P99'], 2, /has no relation P99/);
    await expectRefusal(
      ['find', '--model', 'demo', '--answer', 'paris', '--prompt', 'x [MASK]', '--dry-run'],
      2,
      /--dry-run is for a run over a data set/,
    );
  });
});
