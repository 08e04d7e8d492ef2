/** Measures one engine: the process that scripts/bench.ts starts for it. */
import { countOperations } from '../../src/attribution/count-operations.js';
import { integratedGradients } from '../../src/attribution/integrated-gradients.js';
import { samplesThatFit } from '../../src/model/batch-size.js';
import { readModelConfig } from '../../src/model/config.js';
import { loadWeights } from '../../src/model/load.js';
import { startEngine } from '../../src/runtime/engine.js';
import { ENGINES } from '../../src/runtime/engine-names.js';
import { median, type ProductShape, productRate } from '../../src/setup/product-rate.js';

export interface Measurement {
  readonly engine: string;
  readonly tokens: number;
  readonly steps: number;
  /** That share a batch. */
  readonly prompts: number;
  /** Floating-point operations of one prompt. */
  readonly operations: number;
  readonly secondsPerPrompt: number;
  readonly gigaflops: number;
  /** GFLOPS of plain products. */
  readonly productRate: number;
  readonly share: number;
  readonly loadSeconds: number;
  readonly peakBytes: number;
}

const TOKENS = 14;
const STEPS = 20;
const RULE = 'riemann_endpoints';
const REPETITIONS = 3;

const [name, folder] = process.argv.slice(2);
const engine = ENGINES.find(engine => engine === name);
if (!engine || !process.send) throw new Error('started by scripts/bench.ts');
process.send(
  await measure(engine).catch(error => ({ absent: error instanceof Error ? error.message : String(error) })),
);
process.disconnect();

async function measure(engine: (typeof ENGINES)[number]): Promise<Measurement> {
  const { version } = await startEngine(engine);
  const config = await readModelConfig(folder);
  const loading = performance.now();
  const model = await loadWeights(folder, config);
  const loadSeconds = (performance.now() - loading) / 1000;

  const prompts = Math.max(1, Math.floor(samplesThatFit(model, TOKENS) / STEPS));
  const batch = {
    tokens: Array.from({ length: prompts }, (_, b) =>
      Array.from({ length: TOKENS }, (_, t) => 1000 + 37 * t + 101 * b),
    ),
    positions: Array.from({ length: prompts }, (_, b) => 3 + b),
  };
  const answers = batch.tokens.map(() => 2000);
  const run = () => integratedGradients(model, batch, answers, { rule: RULE, steps: STEPS });
  const [rows, hidden, intermediate] = [prompts * STEPS * TOKENS, config.hiddenSize, config.intermediateSize];
  const shapes: ProductShape[] = [
    [rows, hidden, hidden],
    [rows, hidden, intermediate],
    [rows, intermediate, hidden],
  ];
  const rate = () => productRate(shapes, 7);

  await run(); // The first run packs the weights.
  const { total: operations } = countOperations(config, TOKENS, RULE, STEPS);
  const pairs: { seconds: number; productRate: number; share: number }[] = [];
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    const before = await rate();
    const start = performance.now();
    await run();
    const seconds = (performance.now() - start) / 1000 / prompts;
    const productRate = (before + (await rate())) / 2;
    pairs.push({ seconds, productRate, share: operations / 1e9 / seconds / productRate });
  }
  const secondsPerPrompt = median(pairs.map(({ seconds }) => seconds));
  return {
    engine: version,
    tokens: TOKENS,
    steps: STEPS,
    prompts,
    operations,
    secondsPerPrompt,
    gigaflops: operations / 1e9 / secondsPerPrompt,
    productRate: median(pairs.map(({ productRate }) => productRate)),
    share: median(pairs.map(({ share }) => share)),
    loadSeconds,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  };
}
