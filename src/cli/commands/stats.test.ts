import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { addResults, dataFolder, neuronFolder } from '../../testing/neuron-folder.js';
import { kn } from '../../testing/run-kn.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const RELATIONS = { a: 'P36', b: 'P36', c: 'P36', d: 'P37', e: 'P37' };

/** The five facts of src/neurons/statistics.test.ts, in two shards. */
const fiveFacts = () =>
  neuronFolder(
    {
      a: [
        [0, 1],
        [0, 2],
        [1, 3],
      ],
      b: [
        [1, 3],
        [0, 1],
      ],
      c: [],
    },
    {
      d: [
        [0, 1],
        [3, 5],
      ],
      e: [[0, 2]],
    },
  );

const FILES = ['figure2.svg', 'figure2.vl.json', 'figure2.csv', 'neuron-statistics.csv'];
const NO_LAYERS = /no run\.json says how many layers the model has\. Figure 2 ends at layer 3/;

async function refusal(args: readonly string[]): Promise<{ code: number | null; stderr: string }> {
  const { code, stdout, stderr } = await kn(['stats', ...args]);
  expect(stdout).toBe('');
  expect(stderr).not.toContain('    at ');
  return { code, stderr };
}

describe('kn stats', () => {
  it('prints Table 2, and writes it and Figure 2 into the folder', async () => {
    const folder = fiveFacts();
    const { code, stdout, stderr } = await kn(['stats', folder, '--data', dataFolder(RELATIONS)]);
    expect(code).toBe(0);
    expect(stdout).toContain('5 facts of 2 relations, 1 without neurons; 4 distinct neurons');
    expect(stdout).toMatch(/neurons of a fact +1\.60\n/);
    expect(stdout).toMatch(/shared by two facts of a relation +0\.50\n/);
    expect(stdout).toMatch(/shared by two facts of different relations +0\.50\n/);
    expect(stdout).toMatch(/\n +0 +5 +62\.5%\n +1 +2 +25\.0%\n +2 +0 +0\.0%\n +3 +1 +12\.5%\n/);
    expect(stdout).toMatch(/\n +P37 +2 +0 +1\.50 +0\.00 +0\.50\n +P36 +3 +1 +1\.67 +0\.67 +0\.50\n/);
    expect(stderr).toMatch(NO_LAYERS);
    for (const file of FILES) expect(stdout).toContain(join(folder, file));
    expect(readFileSync(join(folder, 'figure2.csv'), 'utf8')).toBe(
      'layer,neurons,share\n0,5,0.625\n1,2,0.25\n2,0,0\n3,1,0.125\n',
    );
    expect(readFileSync(join(folder, 'neuron-statistics.csv'), 'utf8').split('\n').slice(0, 2)).toEqual([
      'relation,facts,facts_without_neurons,neurons,distinct_neurons,neurons_per_fact,' +
        'same_relation_pairs,same_relation_shared,same_relation_mean,' +
        'different_relation_pairs,different_relation_shared,different_relation_mean',
      'all,5,1,8,4,1.6,4,2,0.5,6,3,0.5',
    ]);
  });

  it("takes relations from the folder's result files first, and the others from the data set", async () => {
    const folder = fiveFacts();
    addResults(folder, 0, { a: 'P1', b: 'P1', c: 'P1' });
    addResults(folder, 1, { d: 'P2', z: 'P3' });
    const data = dataFolder(RELATIONS);
    const { stdout } = await kn(['stats', '--results', folder, '--data', data, '--json']);
    const [{ all, relations, layers }] = JSON.parse(stdout).folders;
    expect(Object.keys(relations)).toEqual(['P37', 'P1', 'P2']);
    expect(relations.P1.sameRelation).toEqual({ pairs: 3, total: 2, mean: 2 / 3 });
    expect(relations.P2.sameRelation).toEqual({ pairs: 0, total: 0, mean: null });
    expect(all.sameRelation).toEqual({ pairs: 3, total: 2, mean: 2 / 3 });
    expect(layers.map(({ neurons }: { neurons: number }) => neurons)).toEqual([5, 2, 0, 1]);
  });

  it('shows as many layers as --layers says', async () => {
    const folder = fiveFacts();
    addResults(folder, 0, RELATIONS);
    const { code, stdout, stderr } = await kn(['stats', '--results', folder, '--layers', '12', '--json']);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout).folders[0].layers).toHaveLength(12);
  });

  it("shows as many layers as the run's model has, and needs neither network nor options for the demo", async () => {
    const cwd = temporaryFolder();
    await kn(['find', '--model', 'demo', '--limit', '2'], { cwd });
    const run = join(cwd, 'results', 'demo', 'run.json');
    const settings = JSON.parse(readFileSync(run, 'utf8'));
    expect(settings.layers).toBe(2);
    writeFileSync(run, JSON.stringify({ ...settings, layers: 5 }));
    const { code, stdout, stderr } = await kn(['stats', '--json'], { cwd });
    expect(code).toBe(0);
    expect(stderr).toBe('');
    const { folders, files } = JSON.parse(stdout);
    expect(folders[0].all).toMatchObject({ facts: 18 });
    expect(folders[0].layers).toHaveLength(5);
    expect(files).toEqual(FILES.map(name => join('results', 'demo', name)));
  });

  it('writes into a folder each under --out, and leaves the results alone', async () => {
    const [one, two] = [fiveFacts(), fiveFacts()];
    for (const folder of [one, two]) addResults(folder, 0, RELATIONS);
    const out = join(temporaryFolder(), 'new', 'out');
    const { code } = await kn(['stats', one, '--out', out, '--quiet', '--results', two]);
    expect(code).toBe(0);
    expect(readdirSync(out)).toHaveLength(2);
    for (const name of readdirSync(out))
      expect(readdirSync(join(out, name)).sort()).toEqual(FILES.toSorted());
    expect(existsSync(join(one, 'figure2.svg'))).toBe(false);
    expect((await refusal(['--results', one, one, '--out', out])).code).toBe(2);
  });
});

describe('kn stats of one neuron file', () => {
  const shard = () => {
    const folder = fiveFacts();
    addResults(folder, 1, RELATIONS);
    return join(folder, 'm_pararel_neurons_1.json');
  };

  it('asks where the results go before anything is read, and writes nothing', async () => {
    const file = shard();
    const { code, stderr } = await refusal(['--results', fiveFacts(), file, '--data', './nowhere']);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /_neurons_1\.json: a file, beside which nothing is written unasked\nName its folder/,
    );
    expect(existsSync(join(dirname(file), 'figure2.svg'))).toBe(false);
  });

  it('writes into --out, and takes the number of layers from the run.json beside it', async () => {
    const [file, out] = [shard(), join(temporaryFolder(), 'out')];
    const run = { format: 1, commands: [], model: {}, layers: 6, data: {}, versions: {}, neurons: {} };
    writeFileSync(join(dirname(file), 'run.json'), JSON.stringify(run));
    const { code, stdout, stderr } = await kn(['stats', '--results', file, '--out', out, '--json']);
    expect([code, stderr]).toEqual([0, '']);
    const [{ all, layers }] = JSON.parse(stdout).folders;
    expect(all.facts).toBe(2);
    expect(layers).toHaveLength(6);
    expect(readdirSync(out).sort()).toEqual(FILES.toSorted());
  });
});

describe('kn stats refuses', () => {
  it('a folder without neuron files, one that is not there, and a malformed file', async () => {
    const empty = await refusal(['--results', temporaryFolder()]);
    expect(empty.code).toBe(1);
    expect(empty.stderr).toMatch(/no neuron files \(\*_neurons_<shard>\.json\)\nMake them with kn find/);
    const absent = await refusal(['--results', './nowhere']);
    expect(absent.stderr).toContain('./nowhere: cannot be read (no such file or directory)');
    const folder = fiveFacts();
    writeFileSync(join(folder, 'm_pararel_neurons_1.json'), '{"d": [[0]]}');
    const malformed = await refusal(['--results', folder]);
    expect(malformed.code).toBe(1);
    expect(malformed.stderr).toContain('m_pararel_neurons_1.json: "d.0');
  });

  it('facts that no result file and no data set knows, naming the first', async () => {
    const folder = fiveFacts();
    const data = dataFolder({ a: 'P36', b: 'P36', c: 'P36', d: 'P37' });
    const { code, stderr } = await kn(['stats', '--results', folder, '--data', data]);
    expect(code).toBe(1);
    expect(stderr).toContain(
      '1 of 5 facts are neither in result files beside the neurons nor in the data set',
    );
    expect(stderr).toContain('(the first: e)\nName the data set that they are of with --data.\n');
    expect((await refusal(['--results', folder, '--data', './nowhere'])).stderr).toContain(
      'nowhere/trex_lms_vocab',
    );
    expect((await refusal(['--results', folder])).stderr).toContain('PARAREL is not in the cache');
  });

  it('facts without any neuron', async () => {
    const { code, stderr } = await refusal(['--results', neuronFolder({ a: [], b: [] })]);
    expect(code).toBe(1);
    expect(stderr).toContain('none of its 2 facts has a neuron');
  });

  it('neurons in layers that the model has not, and writes nothing', async () => {
    const [good, folder] = [fiveFacts(), fiveFacts()];
    for (const each of [good, folder]) addResults(each, 0, RELATIONS);
    const asked = await refusal(['--results', folder, '--layers', '3']);
    expect(asked.code).toBe(2);
    expect(asked.stderr).toContain(`--layers 3: ${folder} has neurons of layer 3\nLayers count from 0.\n`);
    const run = { format: 1, commands: [], model: {}, layers: 2, data: {}, versions: {}, neurons: {} };
    writeFileSync(join(folder, 'run.json'), JSON.stringify(run));
    const recorded = await kn(['stats', '--results', good, folder]);
    expect(recorded.code).toBe(1);
    expect(recorded.stderr).toContain('it has neurons of layer 3, and run.json a model of 2 layers');
    expect([good, folder].map(each => existsSync(join(each, 'figure2.svg')))).toEqual([false, false]);
    const huge = neuronFolder({ a: [[4e12, 0]] });
    addResults(huge, 0, RELATIONS);
    expect((await refusal(['--results', huge])).stderr).toContain('neurons_0.json: "a.0.0": Too big');
  });
});
