/** Negative prompts on the command line: of one fact, and drawn over a data set. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluate, FACTS, results } from '../../testing/demo-run.js';
import { finalFiles, journalLines, kn, startKn, untilJournalHas } from '../../testing/run-kn.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

type Neurons = [number, number][];

const FACT = ['--model', 'demo', '-a', 'paris', '-p', 'france is governed from [MASK].'];
const LOW = ['--adaptive-threshold', '0.1', '--json'];
const NEGATIVES = ['spain is governed from [MASK].', 'italy is governed from [MASK].'];

describe('--negative-prompt', () => {
  it('leaves out what is coarse in any of them, and says what', async () => {
    const wanted: { neurons: Neurons } = JSON.parse((await kn(['find', ...FACT, ...LOW])).stdout);
    const negative = NEGATIVES.flatMap(prompt => ['--negative-prompt', prompt]);
    const found: {
      neurons: Neurons;
      removed: Neurons;
      negativePrompts: { prompt: string; coarse: Neurons }[];
    } = JSON.parse((await kn(['find', ...FACT, ...LOW, ...negative])).stdout);
    expect(found.negativePrompts.map(({ prompt }) => prompt)).toEqual(NEGATIVES);
    const coarse = found.negativePrompts.flatMap(({ coarse }) => coarse.map(String));
    expect(found.removed).toEqual(wanted.neurons.filter(neuron => coarse.includes(String(neuron))));
    expect(found.neurons).toEqual(wanted.neurons.filter(neuron => !coarse.includes(String(neuron))));
    expect(found.removed.length).toBeGreaterThan(0);

    const file = join(temporaryFolder(), 'negatives.txt');
    writeFileSync(file, NEGATIVES.join('\n'));
    const suppressed = await kn(['suppress', ...FACT, ...LOW, '--negative-prompts', file]);
    expect(JSON.parse(suppressed.stdout).neurons).toEqual(found.neurons);
  });

  it('is told to people, also where nothing is left', async () => {
    const same = [...FACT, '--negative-prompt', 'france is governed from [MASK].'];
    expect((await kn(['find', ...same])).stdout).toMatch(
      /0 refined neurons of "paris"[\s\S]*\d+ more left out, being coarse in a negative prompt too: \[1,\d+\] /,
    );
    expect((await kn(['suppress', ...same])).stdout).toMatch(
      /All neurons found, \d+, are coarse in a negative prompt too\./,
    );
  });
});

describe('--negatives', () => {
  const NEURONS = 'demo_pararel_neurons_0.json';
  const neuronsIn = (files: Record<string, string>): Record<string, Neurons> => JSON.parse(files[NEURONS]);

  it('takes neurons away and adds none; whatever the workers, whenever it was killed, the files are the same', async () => {
    const [plain, one, two] = [results(), results(), results()];
    await kn(['find', ...evaluate(plain).slice(2)]);
    await kn(evaluate(one, '--negatives', '3', '--workers', '1'));
    const { child, finished } = startKn(evaluate(two, '--negatives', '3', '--workers', '2'));
    await untilJournalHas(two, 8);
    child.kill('SIGKILL');
    await finished;
    expect(journalLines(two).length).toBeLessThan(FACTS);
    expect((await kn(evaluate(two, '--negatives', '3', '--workers', '2'))).code).toBe(0);
    expect(finalFiles(two)).toEqual(finalFiles(one));

    const [without, withNegatives] = [neuronsIn(finalFiles(plain)), neuronsIn(finalFiles(one))];
    let removed = 0;
    for (const [uuid, neurons] of Object.entries(withNegatives)) {
      const all = without[uuid].map(String);
      expect(neurons.filter(neuron => !all.includes(String(neuron)))).toEqual([]);
      removed += all.length - neurons.length;
    }
    expect(Object.keys(withNegatives)).toEqual(Object.keys(without));
    expect(removed).toBeGreaterThan(0);
  });

  it('is in run.json with its seed and in the command; another number is refused; too few are told', async () => {
    const folder = results();
    const find = ['find', '--model', 'demo', '--relations', 'P36', '--limit', '2', '--results', folder];
    const { code, stderr } = await kn([...find, '--negatives', '3', '--seed', '7']);
    expect(code).toBe(0);
    expect(stderr).toContain('fewer than 3 negative prompts');
    expect(stderr).toContain('in P36 (2 facts)');
    const { neurons, commands } = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8'));
    expect(neurons).toMatchObject({ negatives: 3, negatives_seed: 7 });
    expect(commands).toEqual([expect.stringMatching(/--negatives 3 --seed 7$/)]);
    expect((await kn([...find, '--negatives', '2', '--seed', '7'])).stderr).toContain(
      'neurons.negatives: 3 there, 2 now',
    );
    expect((await kn(find)).stderr).toContain('neurons.negatives: 3 there, not set now');
  });
});
