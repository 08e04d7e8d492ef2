/** Table 2 beside the paper's, where the folder's run found neurons as the paper did. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { statisticsOfResults } from '../../library/neuron-statistics.js';
import { addResults, neuronFolder } from '../../testing/neuron-folder.js';
import { statisticsText } from './statistics-text.js';

/** Two facts of P36, and one of P1001, which the paper leaves out and dai finds no neuron of. */
function folderOf(run: object | undefined): string {
  const three: [number, number][] = [
    [0, 1],
    [0, 2],
    [1, 3],
  ];
  const folder = neuronFolder({ a: three, b: three.slice(0, 1), c: [] });
  addResults(folder, 0, { a: 'P36', b: 'P36', c: 'P1001' });
  const settings = { format: 1, commands: [], model: {}, layers: 12, data: {}, versions: {}, neurons: {} };
  if (run) writeFileSync(join(folder, 'run.json'), JSON.stringify({ ...settings, ...run }));
  return folder;
}

async function shown(run: object | undefined, file = ''): Promise<string> {
  const folder = folderOf(run);
  const { counted } = await statisticsOfResults({ folders: [join(folder, file)], layers: 12, out: folder });
  return counted.flatMap(statisticsText).join('\n');
}

describe("the paper's Table 2", () => {
  it.each(['', 'm_pararel_neurons_0.json'])('stands beside that of its relations alone: %s', async file => {
    const text = await shown({ as_in_paper: true }, file);
    expect(text).toMatch(/on average +here +here, the paper's relations +paper +its baseline\n/);
    expect(text).toMatch(/neurons of a fact +1\.33 +2\.00 +4\.13 +3\.96\n/);
    expect(text).toMatch(/shared by two facts of a relation +1\.00 +1\.00 +1\.23 +2\.85\n/);
    expect(text).toMatch(/shared by two facts of different relations +0\.00 +- +0\.09 +1\.92\n/);
    expect(text).toContain('Table 2, of bert-base-cased and 27,738 facts of 34 relations; here 2 of 1');
  });

  it.each([
    ['another run', { as_in_paper: false }],
    ['a run of before that was noted', {}],
    ['no run.json, as the replication has none', undefined],
  ])('stands beside nothing of %s', async (_, run) => {
    const text = await shown(run);
    expect(text).toMatch(/neurons of a fact +1\.33\n/);
    expect(text).not.toMatch(/paper|4\.13|3\.96/i);
  });
});
