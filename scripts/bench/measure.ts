/** Measures one engine: the process that scripts/bench.ts starts for it. */

import { attribute } from '../../src/attribution/attribute.js';
import type { Path } from '../../src/attribution/methods.js';
import { quadrature } from '../../src/attribution/rules.js';
import { mean } from '../../src/mean.js';
import { samplesThatFit } from '../../src/model/batch-size.js';
import { Checkpoint } from '../../src/model/checkpoint/checkpoint.js';
import { readModelConfig } from '../../src/model/config.js';
import { loadDecoderWeights } from '../../src/model/decoder/model.js';
import { isEncoder } from '../../src/model/encoder/config.js';
import { loadWeights } from '../../src/model/load.js';
import { findNeurons } from '../../src/neurons/find.js';
import { startEngine } from '../../src/runtime/engine.js';
import type { EngineName } from '../../src/runtime/engine-names.js';
import { median, type ProductShape, productRate } from '../../src/setup/product-rate.js';
import { relativeError } from '../../src/testing/finite-differences.js';
import { askedPrompts } from './asked-prompts.js';
import { countFullPasses, scoresByFullPasses } from './full-passes.js';
import { countTraces, operationsDone, tracedSince, wholeGoesAlong } from './operations-done.js';
import { RULE, SHAPES, type ShapeName, STEPS } from './shapes.js';

export interface MeasureOrder {
  readonly engine: EngineName;
  readonly shape: ShapeName;
  readonly folder: string;
  /** So many share a batch; default: the shape's. */
  readonly prompts: number | undefined;
  /** Measure passes that reuse nothing as well. */
  readonly noReuse: boolean;
}

export interface Measurement {
  readonly engine: string;
  readonly tokens: number;
  readonly steps: number;
  /** That share a batch. */
  readonly prompts: number;
  /** GFLOPS of plain products. */
  readonly productRate: number;
  readonly loadSeconds: number;
  readonly peakBytes: number;
  readonly paths: Readonly<Record<Path, MeasuredPath>>;
  /** How many times as fast as the exact path the interpolated one is: each pair measured one after the other, the median. */
  readonly timesAsFast: number;
  readonly withoutReuse: WithoutReuse | null;
}

/** One prompt's neurons by one path. */
export interface MeasuredPath {
  /** Floating-point operations that were done. */
  readonly operations: number;
  readonly seconds: number;
  readonly gigaflops: number;
  /** Of the product rate. */
  readonly share: number;
  /** For each layer the points of its path, alpha = 1 among them, the mean of the prompts. */
  readonly points: readonly number[];
}

/** The same prompt by passes that reuse nothing. */
export interface WithoutReuse {
  readonly operations: number;
  readonly secondsPerPrompt: number;
  /** How many times as fast as they each path is: measured in turn, the median. */
  readonly timesAsFast: Readonly<Record<Path, number>>;
  readonly timesTheOperations: Readonly<Record<Path, number>>;
  /** Between the exact path's scores and theirs. */
  readonly relativeError: number;
}

const REPETITIONS = 3;

/** Those of a run over a data set. */
const COARSE_AND_REFINED = { threshold: { kind: 'adaptive', value: 0.3 }, share: 0.3 } as const;

/** What a path does for a prompt. */
type Work = Pick<MeasuredPath, 'operations' | 'points'>;
type Timed = Pick<MeasuredPath, 'seconds' | 'share'>;

const order: MeasureOrder = JSON.parse(process.argv[2]);
if (!process.send) throw new Error('started by scripts/bench.ts');
process.send(
  await measure(order).catch(error => ({ absent: error instanceof Error ? error.message : String(error) })),
);
process.disconnect();

async function measure({
  engine,
  shape,
  folder,
  prompts: wanted,
  noReuse,
}: MeasureOrder): Promise<Measurement> {
  const { version } = await startEngine(engine);
  const config = await readModelConfig(folder);
  const loading = performance.now();
  const model = await loadWeights(folder, config);
  const loadSeconds = (performance.now() - loading) / 1000;

  const { tokens, prompts: asked } = SHAPES[shape];
  const prompts = wanted ?? asked ?? Math.max(1, Math.floor(samplesThatFit(model, tokens) / STEPS));
  const queries = askedPrompts(prompts, tokens, model);
  const traced = countTraces(model);
  const find = (path: Path) =>
    findNeurons(model, queries, { rule: RULE, steps: STEPS, path, ...COARSE_AND_REFINED, keepScores: false });
  // Rows of the largest products: every token of every step, or of a causal model one of each step and layer.
  const rows = prompts * STEPS * (model.causal ? config.layers : tokens);
  const [hidden, intermediate] = [config.hiddenSize, config.intermediateSize];
  const keys = 'gated' in config && config.gated ? 2 * intermediate : intermediate;
  const shapes: ProductShape[] = [
    [rows, hidden, hidden],
    [rows, hidden, keys],
    [rows, intermediate, hidden],
  ];
  const rate = () => productRate(shapes, 7);

  // The first run packs the weights; how much is done is the same in all.
  const exact = await workOf('exact');
  const interpolated = await workOf('interpolated');
  const rounds: { rate: number; exact: Timed; interpolated: Timed }[] = [];
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    const rates = [await rate()];
    const measured = async ({ operations }: Work, path: Path): Promise<Timed> => {
      const seconds = (await timed(() => find(path))) / prompts;
      rates.push(await rate());
      const productRate = (rates[rates.length - 2] + rates[rates.length - 1]) / 2;
      return { seconds, share: operations / 1e9 / seconds / productRate };
    };
    rounds.push({
      exact: await measured(exact, 'exact'),
      interpolated: await measured(interpolated, 'interpolated'),
      rate: median(rates),
    });
  }
  const ofPath = (path: Path, { operations, points }: Work): MeasuredPath => {
    const seconds = median(rounds.map(round => round[path].seconds));
    const share = median(rounds.map(round => round[path].share));
    return { operations, seconds, gigaflops: operations / 1e9 / seconds, share, points };
  };
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  return {
    engine: version,
    tokens,
    steps: STEPS,
    prompts,
    productRate: median(rounds.map(({ rate }) => rate)),
    loadSeconds,
    peakBytes,
    paths: { exact: ofPath('exact', exact), interpolated: ofPath('interpolated', interpolated) },
    timesAsFast: median(rounds.map(({ exact, interpolated }) => exact.seconds / interpolated.seconds)),
    withoutReuse: noReuse ? await compareWithFullPasses() : null,
  };

  /** Of one prompt. */
  async function workOf(path: Path): Promise<Work> {
    const before = new Map(traced);
    const found = await find(path);
    const passes = found.prompts.map(({ passes }, i) => ({ queries: queries[i], passes }));
    const whole = wholeGoesAlong(quadrature(RULE, STEPS), path);
    return {
      operations: operationsDone(config, passes, whole, tracedSince(before, traced)) / prompts,
      points: Array.from({ length: model.layers }, (_, layer) =>
        mean(passes.map(({ passes }) => 1 + passes.ofLayers[layer])),
      ),
    };
  }

  async function compareWithFullPasses(): Promise<WithoutReuse> {
    if (isEncoder(config)) throw new Error('--no-reuse: for gpt2 alone');
    const checkpoint = await Checkpoint.open(folder);
    const full = { config, weights: await loadDecoderWeights(checkpoint, config) };
    await checkpoint.close();
    const [[query]] = queries;
    const runFull = () => scoresByFullPasses(full, query, RULE, STEPS);
    const theirs = await runFull();
    const options = { rule: RULE, steps: STEPS, path: 'exact' } as const;
    const batch = { tokens: [query.tokens], positions: [query.position] };
    const [ours] = await attribute(model, batch, [query.answer], options);
    const rounds: Record<'full' | Path, number>[] = [];
    for (let repetition = 0; repetition < REPETITIONS; repetition++) {
      const ofPrompt = async (path: Path) => (await timed(() => find(path))) / prompts;
      const before = { exact: await ofPrompt('exact'), interpolated: await ofPrompt('interpolated') };
      const full = await timed(runFull);
      const after = { exact: await ofPrompt('exact'), interpolated: await ofPrompt('interpolated') };
      rounds.push({
        full,
        exact: (before.exact + after.exact) / 2,
        interpolated: (before.interpolated + after.interpolated) / 2,
      });
    }
    const operations = countFullPasses(config, tokens, STEPS);
    const times = (path: Path) => median(rounds.map(round => round.full / round[path]));
    return {
      operations,
      secondsPerPrompt: median(rounds.map(({ full }) => full)),
      timesAsFast: { exact: times('exact'), interpolated: times('interpolated') },
      timesTheOperations: {
        exact: operations / exact.operations,
        interpolated: operations / interpolated.operations,
      },
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
