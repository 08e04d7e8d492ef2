/** kn evaluate update and kn evaluate erasure on the demo, undisturbed, disturbed, and refused. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { ErasureSummary } from '../../experiment/erasure/summary.js';
import type { UpdateSummary } from '../../experiment/update/summary.js';
import { results } from '../../testing/demo-run.js';
import { childrenOf, finalFiles, journalLines, kn, startKn, untilJournalHas } from '../../testing/run-kn.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

/** Four facts of each of 3 relations. */
const SELECTION = ['--model', 'demo', '--relations', 'P17,P36,P407', '--limit', '4', '--engine', 'wasm'];
const FACTS = 12;

const EXPERIMENTS = {
  update: ['evaluate', 'update', ...SELECTION, '--updates', '4', '--measured', '2', '--shared', '0.5'],
  erasure: ['evaluate', 'erasure', ...SELECTION, '--own-facts', '4', '--other-facts', '3'],
};
type Experiment = keyof typeof EXPERIMENTS;
const BOTH: Experiment[] = ['update', 'erasure'];

const into = (experiment: Experiment, folder: string, ...more: string[]) => [
  ...EXPERIMENTS[experiment],
  ...['--workers', '1', '--results', folder, ...more],
];

interface Run {
  readonly files: Record<string, string>;
  readonly journal: string[];
  readonly stdout: string;
  readonly stderr: string;
}

const references = new Map<Experiment, Promise<Run>>();

/** A run that nothing disturbed, neurons found and all, by one worker. */
function undisturbedRun(experiment: Experiment): Promise<Run> {
  const known = references.get(experiment);
  if (known) return known;
  const run = (async () => {
    const folder = results();
    const { code, stdout, stderr } = await kn(into(experiment, folder));
    expect(stderr).not.toContain('    at ');
    expect(code).toBe(0);
    return { files: finalFiles(folder), journal: journalLines(folder), stdout, stderr };
  })();
  references.set(experiment, run);
  return run;
}

/** Its files. */
const undisturbed = async (experiment: Experiment) => (await undisturbedRun(experiment)).files;

/** A folder where that run is done. */
async function finishedFolder(experiment: Experiment): Promise<string> {
  const { files, journal } = await undisturbedRun(experiment);
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  writeFileSync(join(folder, 'journal.jsonl'), `${journal.join('\n')}\n`);
  return folder;
}

/** A results folder with the neurons alone, as kn find leaves them. */
async function neuronsFolder(experiment: Experiment): Promise<string> {
  const folder = temporaryFolder();
  const name = 'demo_pararel_neurons_0.json';
  writeFileSync(join(folder, name), (await undisturbed(experiment))[name]);
  return folder;
}

describe('kn evaluate update', () => {
  it('writes a line a fact, and a summary that agrees with it', async () => {
    const files = await undisturbed('update');
    const names = ['demo_pararel_neurons_0.json', 'run.json', 'update.csv', 'update.json'];
    expect(Object.keys(files)).toEqual(names);
    const [head, ...lines] = files['update.csv']
      .trim()
      .split('\n')
      .map(line => line.split(','));
    const summary: UpdateSummary = JSON.parse(files['update.json']);
    expect(summary.facts).toMatchObject({ selected: FACTS, updated: lines.length, failed: [] });
    expect(lines.length).toBeGreaterThan(6);
    const meanOf = (name: string) =>
      lines.reduce((sum, line) => sum + Number(line[head.indexOf(name)]), 0) / lines.length;
    const { knowledge, random } = summary.overFacts ?? {};
    expect(knowledge?.changeRate).toBeCloseTo(meanOf('knowledge_change_rate'), 12);
    expect(random?.successRate).toBeCloseTo(meanOf('random_success_rate'), 12);
    expect(knowledge?.same?.perplexity.after).toBeCloseTo(
      Math.exp(meanOf('knowledge_same_log_perplexity')),
      10,
    );
    for (const line of lines) {
      const [answer, target] = ['answer', 'target'].map(name => line[head.indexOf(name)]);
      expect(target).not.toBe(answer);
    }
  });

  it('changes more answers with their own neurons than with random ones', async () => {
    const { overFacts }: UpdateSummary = JSON.parse((await undisturbed('update'))['update.json']);
    expect(overFacts?.knowledge.changeRate).toBeGreaterThan((overFacts?.random.changeRate ?? 1) + 0.2);
  });

  it("prints a table, without the paper's values, which are of other facts and another model", async () => {
    const { stdout } = await undisturbedRun('update');
    expect(stdout).toMatch(/^demo: \d+ facts updated, \d+ skipped, 0 failed/);
    expect(stdout).toMatch(/their neurons +\d+\.\d% +\d+\.\d% +\d+\.\d -> \d+\.\d +\S+ -> \S+ \(\+/);
    expect(stdout).not.toContain('paper');
  });

  it('leaves no neuron where all are shared, skips such facts with the reason, and still ends well', async () => {
    const folder = results();
    const neurons = '[[1,3]]'; // every fact's
    const args = ['evaluate', 'update', ...SELECTION, '--neurons', neurons, '--results', folder, '--json'];
    const { code, stdout } = await kn(args);
    expect(code).toBe(0);
    const { facts, overFacts }: UpdateSummary = JSON.parse(stdout);
    expect(facts).toMatchObject({ updated: 0, failed: [] });
    expect(facts.skipped).toHaveLength(FACTS);
    expect(facts.skipped[0].reason).toContain('--shared');
    expect(overFacts).toBeNull();
    expect(finalFiles(folder)['update.csv']).toMatch(/^uuid,[a-z_,]+\n$/);
  });

  it('updates by the rule of the replication, in a folder of its own', async () => {
    const folder = await finishedFolder('update');
    const asked = into('update', folder, '--edit-rule', 'eleutherai');
    const other = await kn(asked);
    expect(other.code).toBe(1);
    expect(other.stderr).toContain('update.edit_rule: "paper" there, "eleutherai" now');
    expect((await kn([...asked, '--neurons', await neuronsFolder('update'), '--fresh'])).code).toBe(0);
    const run = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8'));
    expect(run.update).toMatchObject({ edit_rule: 'eleutherai', lambda1: 2, lambda2: 2, seed: 42 });
    expect(run.commands[0]).toContain('--edit-rule eleutherai --lambda1 2 --lambda2 2 --updates 4');
  });
});

describe('kn evaluate erasure', () => {
  it('writes a line a relation, whose own perplexity rises more than that of others', async () => {
    const files = await undisturbed('erasure');
    const names = ['demo_pararel_neurons_0.json', 'erasure.csv', 'erasure.json', 'run.json'];
    expect(Object.keys(files)).toEqual(names);
    expect(files['erasure.csv'].trim().split('\n')).toHaveLength(4);
    const { relations }: ErasureSummary = JSON.parse(files['erasure.json']);
    expect(Object.keys(relations)).toEqual(['P17', 'P36', 'P407']);
    for (const { neurons, own, others } of Object.values(relations)) {
      expect(neurons.length).toBe(20);
      expect(own.relativeIncrease).toBeGreaterThan(others?.relativeIncrease ?? Number.POSITIVE_INFINITY);
    }
  });

  it('erases the named relations alone, for whose facts alone neurons are found, against all', async () => {
    const expected: ErasureSummary = JSON.parse((await undisturbed('erasure'))['erasure.json']);
    const folder = results();
    const { code, stdout } = await kn(into('erasure', folder, '--erase', 'P36', '--json'));
    expect(code).toBe(0);
    const { relations }: ErasureSummary = JSON.parse(stdout);
    expect(relations).toEqual({ P36: expected.relations.P36 });
    expect(journalLines(folder)).toHaveLength(4 + 1);
  });

  it("takes with --protocol dai the neurons that its code would, of given ones too, in their file's order", async () => {
    const given = temporaryFolder();
    const uuids = Object.keys(JSON.parse((await undisturbed('erasure'))['demo_pararel_neurons_0.json']));
    // Facts have [1, 9] or [1, 8], behind others that one fact has each: [1, 3] is met before [0, 4].
    const lists = uuids.map((_, i) => (i === 0 ? [[1, 3], [1, 9]] : [[0, 3 + i], [1, i < 3 ? 9 : 8]])); // biome-ignore format: of one kind each
    const file = Object.fromEntries(uuids.map((uuid, i) => [uuid, lists[i]]));
    writeFileSync(join(given, 'demo_pararel_neurons_0.json'), JSON.stringify(file));
    const asked = ['--erase', 'P17', '--top', '2', '--own-facts', '1', '--other-facts', '0'];
    const folder = results();
    const ofDai = ['--protocol', 'dai', '--neurons', given, '--json'];
    const { code, stdout } = await kn([...into('erasure', folder), ...asked, ...ofDai]);
    expect(code).toBe(0);
    const { relations }: ErasureSummary = JSON.parse(stdout);
    expect(relations.P17.neurons).toEqual([
      [1, 9],
      [1, 3],
    ]);
    const run = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8'));
    expect(run.erasure).toMatchObject({ top: 2, ties: 'first met' });
    expect(run.commands[0]).toContain('--protocol dai');
  });

  it('skips a relation without neurons, with the reason', async () => {
    const neurons = await neuronsFolder('erasure');
    const file = join(neurons, 'demo_pararel_neurons_0.json');
    const all: Record<string, unknown[]> = JSON.parse(readFileSync(file, 'utf8'));
    const some = Object.fromEntries(Object.entries(all).map(([uuid, list], i) => [uuid, i < 4 ? [] : list]));
    writeFileSync(file, JSON.stringify(some));
    const { code, stdout } = await kn(into('erasure', results(), '--neurons', neurons));
    expect(code).toBe(0);
    expect(stdout).toContain('demo: 2 relations erased, 1 skipped, 0 failed');
    expect(stdout).toContain('Skipped P17: none of its facts has knowledge neurons');
  });
});

describe.each(BOTH)('kn evaluate %s', experiment => {
  /** The numbers, byte for byte: all but what is told of how neurons were found. */
  const effects = ({ [`${experiment}.json`]: summary, [`${experiment}.csv`]: table }: Run['files']) => {
    const { passes: _, ...numbers } = JSON.parse(summary);
    return { numbers: JSON.stringify(numbers), table };
  };

  it('gives the same files, byte for byte, with two workers as with one', async () => {
    const folder = results();
    await kn(into(experiment, folder, '--workers', '2'));
    expect(finalFiles(folder)).toEqual(await undisturbed(experiment));
  });

  it("gives the same numbers with the neurons that another run's folder has", async () => {
    const expected = await undisturbed(experiment);
    const folder = results();
    const given = ['--neurons', await neuronsFolder(experiment)];
    const { stdout, stderr } = await kn(into(experiment, folder, ...given));
    expect(stderr).not.toContain('facts:');
    expect(effects(finalFiles(folder))).toEqual(effects(expected));
    // Nothing was found, by however many passes.
    expect(stdout).not.toContain('Found by');
    expect(JSON.parse(finalFiles(folder)[`${experiment}.json`])).not.toHaveProperty('passes');
  });

  it('tells by how many passes its neurons were found, in its records, on its way and at the end', async () => {
    const { files, journal, stdout, stderr } = await undisturbedRun(experiment);
    const ofFacts = journal.flatMap(line => JSON.parse(line).passes ?? []);
    expect(ofFacts).toHaveLength(FACTS);
    const sum = (of: 'done' | 'of_rule') => ofFacts.reduce((total, passes) => total + passes[of], 0);
    const [done, ofRule] = [sum('done'), sum('of_rule')];
    expect(done).toBeLessThan(ofRule);
    expect(JSON.parse(files[`${experiment}.json`]).passes).toEqual({ done, ofRule });
    const saved = 100 * (1 - done / ofRule);
    expect(stdout).toContain(
      `Found by ${done.toLocaleString('en')} passes for the ${ofRule.toLocaleString('en')} of every step: ${saved.toFixed(1)}% saved\n`,
    );
    expect(stderr).toMatch(new RegExp(`facts: ${FACTS}/${FACTS}, .*${Math.round(saved)}% of passes saved`));
  });

  it('reads records of before passes were counted, and tells of how many facts it does not know them', async () => {
    const { files, journal } = await undisturbedRun(experiment);
    const folder = await finishedFolder(experiment);
    const [{ passes, ...first }, ...others] = journal.map(line => JSON.parse(line));
    const lines = [first, ...others].map(line => JSON.stringify(line));
    writeFileSync(join(folder, 'journal.jsonl'), `${lines.join('\n')}\n`);
    const { code, stdout } = await kn(into(experiment, folder));
    expect(code).toBe(0);
    expect(journalLines(folder)).toEqual(lines);
    expect(stdout).toContain('% saved, without 1 fact of an earlier version\n');
    const [all, some] = [files, finalFiles(folder)].map(of => JSON.parse(of[`${experiment}.json`]).passes);
    expect(some).toEqual({
      ...{ done: all.done - passes.done, ofRule: all.ofRule - passes.of_rule },
      uncountedFacts: 1,
    });
  });

  it.each([5, FACTS + 1])(
    'goes on where it was killed, after %d records, and its files are the same',
    async records => {
      const expected = await undisturbed(experiment);
      const folder = results();
      const { child, finished } = startKn(into(experiment, folder));
      await untilJournalHas(folder, records);
      child.kill('SIGKILL');
      await finished;
      const kept = journalLines(folder);
      expect((await kn(into(experiment, folder))).code).toBe(0);
      expect(journalLines(folder).slice(0, kept.length)).toEqual(kept);
      expect(finalFiles(folder)).toEqual(expected);
    },
  );

  it('goes on where a worker was killed while values were changed, and its files are the same', async () => {
    const expected = await undisturbed(experiment);
    const folder = results();
    const { child, finished } = startKn(into(experiment, folder, '--workers', '2'));
    await untilJournalHas(folder, FACTS + 1);
    for (const worker of childrenOf(child)) process.kill(worker, 'SIGKILL');
    expect((await finished).code).toBe(0);
    expect(finalFiles(folder)).toEqual(expected);
  });

  it.each([1, 2])('ends a worker that cannot write values at time %d, and tries again', async time => {
    const expected = await undisturbed(experiment);
    const preload = fileURLToPath(new URL('../../testing/fail-write-values.mjs', import.meta.url));
    const folder = results();
    const env = {
      NODE_OPTIONS: `--import=${preload}`,
      KN_TEST_FAIL_AT: String(time),
      KN_TEST_FAILED: join(temporaryFolder(), 'failed'),
    };
    const args = into(experiment, folder, '--neurons', await neuronsFolder(experiment));
    const { code, stderr } = await kn(args, { env });
    expect(stderr).toContain("the neurons' values could not be changed and put back: the memory is broken");
    expect(code).toBe(0);
    expect(effects(finalFiles(folder))).toEqual(effects(expected));
  });

  it('is done already: nothing is computed again', async () => {
    const { journal, files } = await undisturbedRun(experiment);
    const folder = await finishedFolder(experiment);
    expect((await kn(into(experiment, folder))).code).toBe(0);
    expect(journalLines(folder)).toEqual(journal);
    expect(finalFiles(folder)).toEqual(files);
  });

  it('puts results into results/demo-<experiment>, and goes on in a folder where neurons were found', async () => {
    const cwd = temporaryFolder();
    expect((await kn(['find', ...SELECTION], { cwd })).code).toBe(0);
    const { code, stderr } = await kn([...EXPERIMENTS[experiment], '--results', 'results/demo'], { cwd });
    expect(code).toBe(0);
    expect(stderr).toContain(`facts: ${FACTS}/${FACTS}`);
    const neurons = ['--neurons', 'results/demo'];
    expect((await kn([...EXPERIMENTS[experiment], ...neurons], { cwd })).code).toBe(0);
    const own = finalFiles(join(cwd, 'results', `demo-${experiment}`));
    expect(effects(own)).toEqual(effects(await undisturbed(experiment)));
    expect(effects(finalFiles(join(cwd, 'results/demo')))).toEqual(effects(own));
  });

  it('refuses a folder of other settings, which are named', async () => {
    const expected = await undisturbed(experiment);
    const folder = await finishedFolder(experiment);
    const { code, stderr } = await kn(into(experiment, folder, '--seed', '7'));
    expect(code).toBe(1);
    expect(stderr).toContain(`${experiment}.seed: 42 there, 7 now`);
    expect(finalFiles(folder)).toEqual(expected);
  });
});
