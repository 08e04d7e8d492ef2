import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { figureFiles } from '../../report/figures.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import type { FactResult } from './record.js';
import { formatResultsFile, readResultsFile, readResultsFolder } from './results-file.js';

const side = { pct_change: [-0.5], correct_before: [true], correct_after: [false], n_prompts: 1 };
const result: FactResult = {
  suppression: { related: side, unrelated: side },
  enhancement: { related: side, unrelated: side },
  n_refined_neurons: 2,
  n_unrelated_neurons: 3,
  relation_name: 'P36',
};

describe('result files', () => {
  it('are read back as they were written', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'm_pararel_results_0.json'), formatResultsFile(new Map([['a', result]])));
    expect(await readResultsFolder(folder)).toEqual(new Map([['a', result]]));
  });

  it("may be the replication's: shards, indented, with keys that kn does not know", async () => {
    const folder = temporaryFolder();
    const shard = (uuid: string) => JSON.stringify({ [uuid]: { ...result, extra: [1] } }, null, 4);
    writeFileSync(join(folder, 'bert-base-uncased_pararel_results_0.json'), shard('a'));
    writeFileSync(join(folder, 'bert-base-uncased_pararel_results_10.json'), shard('c'));
    writeFileSync(join(folder, 'bert-base-uncased_pararel_results_2.json'), shard('b'));
    writeFileSync(join(folder, 'bert-base-uncased_pararel_neurons_0.json'), '{}');
    const results = await readResultsFolder(folder);
    expect([...results.keys()]).toEqual(['a', 'b', 'c']);
    expect((await figureFiles(results)).has('figure4.svg')).toBe(true);
  });

  it('are refused where two of a folder hold one fact', async () => {
    const folder = temporaryFolder();
    for (const shard of [0, 1])
      writeFileSync(join(folder, `m_results_${shard}.json`), formatResultsFile(new Map([['a', result]])));
    await expect(readResultsFolder(folder)).rejects.toThrow(
      'm_results_1.json: the fact a is in m_results_0.json too',
    );
  });

  it.each<[what: string, change: object, others?: object]>([
    ['fewer changes than prompts', { pct_change: [] }],
    ['more prompts than values', { n_prompts: 2 }],
    ['a prompt that was answered twice', { correct_after: [true, false] }],
    ['a negative number of prompts', { n_prompts: -1 }],
    ['a change that is not finite', { pct_change: ['x'] }],
    ['a probability above 1', { probability_before: [1.5] }],
    ['a probability below 0', { probability_after: [-0.1] }],
    ['fewer probabilities than prompts', { probability_after: [] }],
    ['probabilities before and none after', { probability_before: [0.5] }],
    ['baseline neurons and no probabilities', {}, { baseline: side }],
    ['a change that no probability can have', { pct_change: [1e301] }],
  ])('are refused with %s', async (_, change, others = {}) => {
    const path = join(temporaryFolder(), 'm_results_0.json');
    const spoilt = { related: { ...side, ...change }, unrelated: side, ...others };
    writeFileSync(path, JSON.stringify({ a: { ...result, suppression: spoilt } }));
    await expect(readResultsFile(path)).rejects.toThrow(`${path}: "a.suppression`);
  });

  it('are refused with a number of which JSON makes infinity, a count below 0, or a fact twice', async () => {
    const path = join(temporaryFolder(), 'm_results_0.json');
    const text = JSON.stringify({ a: result });
    for (const [spoilt, message] of [
      [text.replace('[-0.5]', '[1e999]'), 'the number 1e999 is larger than any'],
      [text.replace('"n_refined_neurons":2', '"n_refined_neurons":-2'), '"a.n_refined_neurons"'],
      [`{"a":${JSON.stringify(result)},${text.slice(1)}`, '"a" stands twice in one object'],
      [text.replace('"a"', '"__proto__"'), '"__proto__" is the name of nothing'],
    ] as const) {
      writeFileSync(path, spoilt);
      await expect(readResultsFile(path)).rejects.toThrow(message);
    }
  });

  it('have a fact a line', () => {
    const text = formatResultsFile(
      new Map([
        ['a', result],
        ['b', result],
      ]),
    );
    expect(text.split('\n')).toHaveLength(5);
    expect(text.startsWith('{\n"a": {"suppression":{"related":{"pct_change":[-0.5]')).toBe(true);
  });
});
