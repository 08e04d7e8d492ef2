import { beforeAll, expect, it } from 'vitest';
import { undecidedScores } from '../../attribution/undecided.js';
import { openDataset } from '../../dataset/dataset.js';
import { DEMO_DATA, DEMO_MODEL } from '../../embedded.js';
import { loadModel } from '../../model/load.js';
import { undecidedNeurons } from '../../neurons/undecided.js';
import { startEngine } from '../../runtime/engine.js';
import { gather, type Passes, passesOn } from '../run/gathered-passes.js';
import { askFact } from './task.js';

beforeAll(async () => {
  await startEngine('wasm');
});

it('interpolated scores of facts side by side, and their passes, are those of each alone, to the last bit', async () => {
  const { model, tokenizer } = await loadModel(DEMO_MODEL);
  const dataset = await openDataset(DEMO_DATA, { relations: ['P36', 'P30'], limit: 3 });
  const facts = await Promise.all(
    dataset.facts.map(fact =>
      askFact(
        model,
        tokenizer,
        { object: fact.object, prompts: dataset.withPrompts(fact).prompts },
        'answer',
      ),
    ),
  );
  const passes = passesOn(model, 1e8);
  for (const undecided of [undecidedNeurons({ kind: 'adaptive', value: 0.3 }), undecidedScores]) {
    const works = facts.map(
      prompts =>
        ({ score }: Passes) =>
          score(prompts, { rule: 'riemann_endpoints', steps: 20 }, undecided),
    );
    const together = await gather(passes, works);
    for (const [i, work] of works.entries()) expect(together[i]).toEqual(await work(passes));
  }
});
