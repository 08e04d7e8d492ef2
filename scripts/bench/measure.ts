/** Measures one engine: the process that scripts/bench.ts starts for it. */

import { attribute } from '../../src/attribution/attribute.js';
import { countOperations } from '../../src/attribution/count-operations.js';
import type { Scores } from '../../src/attribution/scores.js';
import { samplesThatFit } from '../../src/model/batch-size.js';
import { Checkpoint } from '../../src/model/checkpoint/checkpoint.js';
import { readModelConfig } from '../../src/model/config.js';
import { loadGptWeights } from '../../src/model/gpt/weights.js';
import { loadWeights } from '../../src/model/load.js';
import { startEngine } from '../../src/runtime/engine.js';
import type { EngineName } from '../../src/runtime/engine-names.js';
import { median, type ProductShape, productRate } from '../../src/setup/product-rate.js';
import { relativeError } from '../../src/testing/finite-differences.js';
import { countFullPasses, scoresByFullPasses } from './full-passes.js';
import { RULE, SHAPES, type ShapeName, STEPS } from './shapes.js';

export interface MeasureOrder {
  readonly engine: EngineName;
  readonly shape: ShapeName;
  readonly folder: string;
  /** Measure passes that reuse nothing as well. */
  readonly noReuse: boolean;
}

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
  readonly withoutReuse: WithoutReuse | null;
}

/** The same prompt by passes that reuse nothing. */
export interface WithoutReuse {
  readonly operations: number;
  readonly secondsPerPrompt: number;
  /** How many times as fast as they the passes with reuse are: each pair measured one after the other, the median. */
  readonly timesAsFast: number;
  readonly timesTheOperations: number;
  /** Between the two scores. */
  readonly relativeError: number;
}

const REPETITIONS = 3;

const order: MeasureOrder = JSON.parse(process.argv[2]);
if (!process.send) throw new Error('started by scripts/bench.ts');
process.send(
  await measure(order).catch(error => ({ absent: error instanceof Error ? error.message : String(error) })),
);
process.disconnect();

async function measure({ engine, shape, folder, noReuse }: MeasureOrder): Promise<Measurement> {
  const { version } = await startEngine(engine);
  const config = await readModelConfig(folder);
  const loading = performance.now();
  const model = await loadWeights(folder, config);
  const loadSeconds = (performance.now() - loading) / 1000;

  const { tokens, prompts: asked } = SHAPES[shape];
  const prompts = asked ?? Math.max(1, Math.floor(samplesThatFit(model, tokens) / STEPS));
  const batch = {
    tokens: Array.from({ length: prompts }, (_, b) =>
      Array.from({ length: tokens }, (_, t) => 1000 + 37 * t + 101 * b),
    ),
    positions: Array.from({ length: prompts }, (_, b) => (model.causal ? tokens - 1 : 3 + b)),
  };
  const answers = batch.tokens.map(() => 2000);
  const run = () => attribute(model, batch, answers, { rule: RULE, steps: STEPS });
  // Rows of the largest products: every token of every step, or of a causal model one of each step and layer.
  const rows = prompts * STEPS * (model.causal ? config.layers : tokens);
  const [hidden, intermediate] = [config.hiddenSize, config.intermediateSize];
  const shapes: ProductShape[] = [
    [rows, hidden, hidden],
    [rows, hidden, intermediate],
    [rows, intermediate, hidden],
  ];
  const rate = () => productRate(shapes, 7);

  const [scores] = await run(); // The first run packs the weights.
  const { total: operations } = countOperations(config, tokens, RULE, STEPS);
  const pairs: { seconds: number; productRate: number; share: number }[] = [];
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    const before = await rate();
    const seconds = (await timed(run)) / prompts;
    const productRate = (before + (await rate())) / 2;
    pairs.push({ seconds, productRate, share: operations / 1e9 / seconds / productRate });
  }
  const secondsPerPrompt = median(pairs.map(({ seconds }) => seconds));
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  return {
    engine: version,
    tokens,
    steps: STEPS,
    prompts,
    operations,
    secondsPerPrompt,
    gigaflops: operations / 1e9 / secondsPerPrompt,
    productRate: median(pairs.map(({ productRate }) => productRate)),
    share: median(pairs.map(({ share }) => share)),
    loadSeconds,
    peakBytes,
    withoutReuse: noReuse ? await compareWithFullPasses(run, scores) : null,
  };

  async function compareWithFullPasses(run: () => Promise<unknown>, ours: Scores): Promise<WithoutReuse> {
    if (config.architecture === 'bert') throw new Error('--no-reuse: for gpt2 alone');
    const checkpoint = await Checkpoint.open(folder);
    const whole = { config, weights: await loadGptWeights(checkpoint, config) };
    await checkpoint.close();
    const query = { tokens: batch.tokens[0], position: batch.positions[0], answer: answers[0] };
    const runWhole = () => scoresByFullPasses(whole, query, RULE, STEPS);
    const theirs = await runWhole();
    const pairs: { seconds: number; times: number }[] = [];
    for (let repetition = 0; repetition < REPETITIONS; repetition++) {
      const before = await timed(run);
      const seconds = await timed(runWhole);
      const after = await timed(run);
      pairs.push({ seconds, times: seconds / ((before + after) / 2) });
    }
    const wholeOperations = countFullPasses(config, tokens, STEPS);
    return {
      operations: wholeOperations,
      secondsPerPrompt: median(pairs.map(({ seconds }) => seconds)),
      timesAsFast: median(pairs.map(({ times }) => times)),
      timesTheOperations: wholeOperations / operations,
      relativeError: relativeError(
        ours.flatMap(row => [...row]),
        theirs.flatMap(row => [...row]),
      ),
    };
  }
}

/** Seconds. */
async function timed(body: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await body();
  return (performance.now() - start) / 1000;
}
