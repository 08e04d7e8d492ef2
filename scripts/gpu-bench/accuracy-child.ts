/** The process that accuracy.ts starts for an engine: the demo model's scores. */
import { integratedGradients } from '../../src/attribution/integrated-gradients.js';
import { DEMO_MODEL } from '../../src/embedded.js';
import { loadModel } from '../../src/model/load.js';
import { batchesOfEqualLength } from '../../src/model/prompt-batches.js';
import { answerIds } from '../../src/model/tokenizer/tokenizer.js';
import { startEngine } from '../../src/runtime/engine.js';
import { argumentSchema } from './accuracy.js';
import { serve } from './child.js';
import { RULE, STEPS } from './shapes.js';

/** Facts of the demo model. */
const ASKED = [
  { prompt: 'france is governed from [MASK].', answer: 'paris' },
  { prompt: 'germany is governed from [MASK].', answer: 'berlin' },
  { prompt: 'the government of italy has its seat in [MASK].', answer: 'rome' },
];

await serve(argumentSchema, async ({ engine }) => {
  await startEngine(engine);
  const { model, tokenizer } = await loadModel(DEMO_MODEL);
  const scores: number[][] = [];
  const encoded = ASKED.map(({ prompt }) => tokenizer.encode(prompt, model.maxTokens));
  for (const { batch, indices } of batchesOfEqualLength(encoded)) {
    const answers = indices.map(index => answerIds(tokenizer, ASKED[index].answer)[0]);
    const samplesAtOnce = answers.length * STEPS * model.layers;
    const found = await integratedGradients(model, batch, answers, {
      rule: RULE,
      steps: STEPS,
      samplesAtOnce,
      layersTogether: engine !== 'wasm', // as kn does it
    });
    for (const layers of found) scores.push(layers.flatMap(layer => [...layer]));
  }
  return { scores };
});
