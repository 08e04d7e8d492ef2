import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { addResults, dataFolder, neuronFolder } from '../../testing/neuron-folder.js';
import { kn } from '../../testing/run-kn.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const RELATIONS = { same: 'P36', half: 'P36', gone: 'P37', lost: 'P37', new: 'P30' };

const sideA = () =>
  neuronFolder(
    {
      same: [
        [0, 1],
        [1, 3],
      ],
      half: [
        [0, 1],
        [0, 2],
      ],
    },
    { gone: [[1, 1]], lost: [[0, 7]] },
  );
const sideB = () =>
  neuronFolder({
    new: [[0, 3]],
    gone: [],
    half: [
      [0, 1],
      [0, 2],
      [1, 4],
      [1, 5],
    ],
    same: [
      [1, 3],
      [0, 1],
    ],
  });

describe('kn compare', () => {
  it('prints how far two folders agree, overall and by relation, those that differ most first; with code 0', async () => {
    const [a, b] = [sideA(), sideB()];
    addResults(a, 0, RELATIONS);
    addResults(b, 0, RELATIONS);
    const { code, stdout, stderr } = await kn(['compare', a, b]);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toContain(`A: ${a}: 4 facts, 6 neurons\nB: ${b}: 4 facts, 7 neurons\n`);
    // same 1, half 2/4, gone 0; pooled 4 of 2 + 4 + 1.
    expect(stdout).toContain(
      'Jaccard index 0.500 on average over 3 facts, 0.571 pooled; 1 with the same neurons',
    );
    expect(stdout).toContain('A lacks 1 fact of the other (new;');
    expect(stdout).toContain('B lacks 1 fact of the other (lost;');
    const rows = [...stdout.matchAll(/^ +(\S+) +([\d.-]+) +[\d.-]+ +\d.*$/gm)].map(([line]) =>
      line.trim().split(/ +/),
    );
    expect(rows).toEqual([
      ['all', '0.500', '0.571', '3', '1', '5', '6', '4', '1', '1'],
      ['P37', '0.000', '0.000', '1', '0', '1', '0', '0', '0', '1'],
      ['P36', '0.750', '0.667', '2', '1', '4', '6', '4', '0', '0'],
      ['P30', '-', '-', '0', '0', '0', '0', '0', '1', '0'],
    ]);
  });

  it('takes neuron files too, with relations from the data set, and gives all as JSON and CSV', async () => {
    const [a, b, data] = [sideA(), join(sideB(), 'm_pararel_neurons_0.json'), dataFolder(RELATIONS)];
    const out = join(temporaryFolder(), 'differences.csv');
    const { code, stdout } = await kn(['compare', a, b, '--data', data, '--json', '--out', out]);
    expect(code).toBe(0);
    const compared = JSON.parse(stdout);
    expect(compared).toMatchObject({
      a: { path: a, facts: 4, neurons: 6 },
      b: { path: b, facts: 4, neurons: 7 },
      all: { facts: 3, identical: 1, jaccard: 0.5, pooledJaccard: 4 / 7 },
      missingInA: ['new'],
      missingInB: ['lost'],
      files: [out],
    });
    expect(Object.keys(compared.relations)).toEqual(['P37', 'P36', 'P30']);
    expect(readFileSync(out, 'utf8')).toBe(
      'relation,facts,identical,jaccard,pooled_jaccard,neurons_a,neurons_b,shared,missing_in_a,missing_in_b\n' +
        `all,3,1,0.5,${4 / 7},5,6,4,1,1\nP37,1,0,0,0,1,0,0,0,1\nP36,2,1,0.75,${4 / 6},4,6,4,0,0\n` +
        'P30,0,0,,,0,0,0,1,0\n',
    );
  });

  it('finds the relations of a neuron file in the result file of its shard', async () => {
    const [a, b] = [sideA(), sideB()];
    addResults(b, 0, RELATIONS);
    writeFileSync(join(b, 'other_results_1.json'), 'no result file');
    const { stdout } = await kn(['compare', a, join(b, 'm_pararel_neurons_0.json'), '--json']);
    expect(Object.keys(JSON.parse(stdout).relations)).toEqual(['P37', 'P36', 'P30']);
  });

  it('puts facts of no known relation into a group of their own, and says so', async () => {
    const [a, b] = [sideA(), sideB()];
    addResults(a, 0, { same: 'P36', half: 'P36' });
    const offline = await kn(['compare', a, b]);
    expect(offline.code).toBe(0);
    expect(offline.stderr).toMatch(
      /PARAREL is not in the cache.*\nThese facts are in the relation "unknown"/,
    );
    expect(offline.stdout).toMatch(/\n +unknown +0\.000 +0\.000 +1 .*\n +P36 +0\.750 /);
    const { stderr } = await kn(['compare', a, b, '--data', dataFolder({ gone: 'P37' })]);
    expect(stderr).toMatch(/^2 of 5 facts are neither in .*\(the first: lost\)\. Name the data set/);
  });

  it('finds a folder equal to itself', async () => {
    const a = sideA();
    const { code, stdout } = await kn(['compare', a, a, '--data', dataFolder(RELATIONS)]);
    expect(code).toBe(0);
    expect(stdout).toContain(
      'Jaccard index 1.000 on average over 4 facts, 1.000 pooled; 4 with the same neurons',
    );
    expect(stdout).not.toContain('lacks');
  });

  it('says where there is nothing to compare', async () => {
    const { code, stdout } = await kn([
      'compare',
      neuronFolder({ a: [] }),
      neuronFolder({ b: [] }),
      '--quiet',
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain('No fact is on both sides: there is nothing to compare.');
  });
});

describe('kn compare refuses', () => {
  it.each<[string, () => string[], number, RegExp]>([
    ['one side alone', () => [sideA()], 2, /missing required argument 'B'/],
    ['a folder without neuron files', () => [sideA(), temporaryFolder()], 1, /no neuron files \(/],
    ['a path that is not there', () => ['./nowhere', sideA()], 1, /\.\/nowhere: cannot be read/],
    [
      'a data set that cannot be fetched',
      () => [sideA(), sideB(), '-d', 'pararel'],
      1,
      /PARAREL is not in the cache/,
    ],
    ['a data set that is not there', () => [sideA(), sideB(), '-d', './none'], 1, /none\/trex_lms_vocab/],
    [
      'a CSV that is called otherwise',
      () => [sideA(), sideB(), '-o', 'x.json'],
      2,
      /a name that ends with \.csv/,
    ],
    [
      'a CSV in a folder that is not there',
      () => [sideA(), sideB(), '-d', dataFolder(RELATIONS), '-o', 'no/x.csv'],
      1,
      /no\/x\.csv: cannot be written \(no such file or directory\)\nName another file/,
    ],
  ])('%s', async (_, args, code, message) => {
    const result = await kn(['compare', ...args()]);
    expect(result.stderr).toMatch(message);
    expect(result.stderr).not.toContain('    at ');
    expect(result.stdout).toBe('');
    expect(result.code).toBe(code);
  });

  it('a malformed neuron file, and writes nothing', async () => {
    const file = join(temporaryFolder(), 'neurons.json');
    writeFileSync(file, '{"a": [[0, -1]]}');
    const out = join(temporaryFolder(), 'x.csv');
    const { code, stderr } = await kn(['compare', sideA(), file, '--out', out]);
    expect(code).toBe(1);
    expect(stderr).toContain(`${file}: "a.0.1"`);
    expect(existsSync(out)).toBe(false);
  });
});
