import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { addResults, neuronFolder } from '../testing/neuron-folder.js';
import { compareResults } from './compare-results.js';

it('neurons of layers that the model has not are compared with none, be it a folder or a file of it', async () => {
  const [good, other] = [neuronFolder({ a: [[1, 2]] }), neuronFolder({ a: [[3, 2]] })];
  for (const folder of [good, other]) addResults(folder, 0, { a: 'P36' });
  expect((await compareResults(good, other)).comparison.all.jaccard).toBe(0);
  const run = { format: 1, commands: [], model: {}, layers: 2, data: {}, versions: {}, neurons: {} };
  for (const folder of [good, other]) writeFileSync(join(folder, 'run.json'), JSON.stringify(run));
  const file = join(other, 'm_pararel_neurons_0.json');
  for (const path of [other, file])
    await expect(compareResults(good, path)).rejects.toThrow(
      `${path}: it has neurons of layer 3, and run.json a model of 2 layers`,
    );
  expect((await compareResults(good, good)).comparison.all.jaccard).toBe(1);
});
