/** The process that probe.ts starts: one engine, tried. Prints a ProbeResult as its last line. */
import { integratedGradients } from '../attribution/integrated-gradients.js';
import { DEMO_MODEL } from '../embedded.js';
import { UserError } from '../errors.js';
import { loadModel } from '../model/load.js';
import { answerIds } from '../model/tokenizer/tokenizer.js';
import { startEngine } from '../runtime/engine.js';
import type { Probe, ProbeResult } from './probe.js';
import { productRate } from './product-rate.js';

/** Large enough that a product's overhead is nothing, small enough for a second on the slowest engine. */
const PRODUCT = [1024, 1024, 1024] as const;

const asked: Probe = JSON.parse(process.argv[2]);
console.log(JSON.stringify(await attempt(asked)));
process.exit();

async function attempt({ engine, bench, scores }: Probe): Promise<ProbeResult> {
  try {
    const { version, gpu = false, notice = null } = await startEngine(engine);
    return {
      usable: true,
      version,
      gpu,
      notice,
      gigaflops: bench ? await productRate([PRODUCT], 5) : null,
      scores: scores ? await demoScores() : null,
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { usable: false, why, remedy: error instanceof UserError ? error.remedy : '' };
  }
}

/** Of one prompt: through products, softmax and gradients, all that the method computes with. */
async function demoScores(): Promise<number[]> {
  const { model, tokenizer } = await loadModel(DEMO_MODEL);
  const { tokens, position } = tokenizer.encode('france is governed from [MASK].', model.maxTokens);
  const batch = { tokens: [tokens], positions: [position] };
  const [scores] = await integratedGradients(model, batch, answerIds(tokenizer, 'paris'), {
    rule: 'riemann_endpoints',
    steps: 20,
  });
  return scores.flatMap(row => [...row]);
}
