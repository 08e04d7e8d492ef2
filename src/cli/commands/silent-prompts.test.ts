/** Experiments over facts of which one has an answer whose probability is 0 in float32. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kn } from '../../testing/run-kn.js';
import { silentModel } from '../../testing/silent-model.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

/** Of France, whose capital the model never names, Germany, Italy, and a fact of another relation. */
const FACTS = [
  '03d07080-e42d-5413-82c6-9e641d79d832',
  '5c568ea7-deda-5e48-a69b-d845dca6b913',
  'bceb7eae-8271-5117-9812-9b4e3d44e628',
  '6186a844-036c-59a5-b0cd-69b220b65205',
];

describe.each([
  ['update', 'update.json'],
  ['erasure', 'erasure.json'],
])('kn evaluate %s', (experiment, file) => {
  it(`counts its silent prompts, and says so: ${file}`, async () => {
    const { code, stdout } = await kn([
      ...['evaluate', experiment, '--model', silentModel(), '--data', 'demo', '--facts', FACTS.join()],
      ...['--protocol', 'dai', '--workers', '1', '--results', join(temporaryFolder(), 'out'), '--json'],
    ]);
    expect(code).toBe(0);
    const { silentPrompts } = JSON.parse(stdout);
    expect(silentPrompts).toEqual({ facts: 1, prompts: 7, negatives: 0, baseline: 0 });
  });
});
