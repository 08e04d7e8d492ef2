/** The process that probe.ts starts: one engine, tried. Prints a ProbeResult as its last line. */
import { scorePromptsOn } from '../attribution/score-prompts.js';
import { undecidedScores } from '../attribution/undecided.js';
import { DEMO_MODEL } from '../embedded.js';
import { UserError } from '../errors.js';
import { loadModel } from '../model/load.js';
import { answerIds } from '../model/tokenizer/tokenizer.js';
import { startEngine } from '../runtime/engine.js';
import { endWithParent } from '../runtime/orphan-watch.js';
import type { Probe, ProbeResult } from './probe.js';
import { fastestOf, productRates } from './product-rate.js';

/** Large enough that a product's overhead is nothing, small enough for a second on the slowest engine. */
const PRODUCT = [1024, 1024, 1024] as const;

/** Facts of the demo model, in prompts of two lengths. */
const ASKED = [
  { prompt: 'france is governed from [MASK].', answer: 'paris' },
  { prompt: 'germany is governed from [MASK].', answer: 'berlin' },
  { prompt: 'the government of italy has its seat in [MASK].', answer: 'rome' },
];

endWithParent();
const asked: Probe = JSON.parse(process.argv[2]);
console.log(JSON.stringify(await attempt(asked)));
process.exit();

async function attempt({ engine, bench, products, scores }: Probe): Promise<ProbeResult> {
  try {
    const { version, gpu = false, notice = null } = await startEngine(engine);
    const rates = bench ? await productRates(products ?? [PRODUCT], 3) : [];
    return {
      usable: true,
      version,
      gpu,
      notice,
      gigaflops: bench ? fastestOf(rates) : null,
      ...(products && { products: rates }),
      scores: scores ? await demoScores() : null,
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { usable: false, why, remedy: error instanceof UserError ? error.remedy : '' };
  }
}

/** Of each prompt: through products, softmax and gradients, all that the method computes with. */
async function demoScores(): Promise<number[][]> {
  const { model, tokenizer } = await loadModel(DEMO_MODEL);
  const queries = ASKED.map(({ prompt, answer }) =>
    tokenizer.ask(prompt, answerIds(tokenizer, answer), model.maxTokens),
  );
  const asked = { rule: 'riemann_endpoints', steps: 20, path: 'exact' } as const;
  const scored = await scorePromptsOn(model)(queries, asked, undecidedScores);
  return scored.map(({ scores: layers }) => layers.flatMap(layer => [...layer]));
}
