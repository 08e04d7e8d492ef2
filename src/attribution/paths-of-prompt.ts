/** What is known of the paths of one prompt, which is asked for each token of its answer. */
import type { Query } from '../model/tokenizer/tokenizer.js';
import { estimateLayer, type LayerEstimate, type LevelWeights } from './layer-estimate.js';
import { type Level, nodesOf, placesOf } from './levels.js';
import type { PathPoint, PointGradient, WholeGradient } from './path-gradients.js';
import type { Quadrature } from './rules.js';
import type { PassCount, ScoredPrompt } from './scores.js';

/** How the scores of a layer are had: from so many nodes, or by the rule itself. */
export type Stage = Level | 'rule';

/** The rule, and the stages that lead to it; of the exact path it is the only one. */
export interface Climb {
  readonly rule: Quadrature;
  readonly weights: LevelWeights;
  readonly stages: readonly Stage[];
}

/** A point that a stage needs, and where its gradient belongs. */
export interface AskedPoint extends Omit<PathPoint, 'prompt'> {
  readonly take: (gradient: PointGradient) => void;
}

/** One query's path in one layer. */
interface LayerPath {
  /** By their place among the nodes of the highest level; the last is alpha = 1. */
  nodes: (PointGradient | undefined)[];
  /** The rule's sum, in its own order, in doubles. */
  sum: Float64Array | undefined;
}

const AT_ONE = 16;

/** Where P jumps, more points hardly make the bar smaller: what nine leave of that of five is more than this. */
const HARDLY_SMALLER = 1 / 2;

/** A rule of more passes than this is worth a try of seventeen points all the same. */
const DEAR_RULE = 40;

/** One prompt on its way up. */
export class PathsOfPrompt {
  private readonly stages: Stage[];
  private readonly paths: LayerPath[][];
  private readonly estimates: (LayerEstimate | undefined)[];
  /** Of each layer, at the stage before. */
  private readonly barsBefore: number[];
  private readonly passes: number[];

  /** @param begin the stage of each layer to begin with */
  constructor(
    readonly queries: readonly Query[],
    private readonly climb: Climb,
    begin: readonly Stage[],
    private readonly width: number,
  ) {
    this.stages = [...begin];
    this.paths = queries.map(() => begin.map(() => ({ nodes: [], sum: undefined })));
    this.estimates = begin.map(() => undefined);
    this.barsBefore = begin.map(() => Number.POSITIVE_INFINITY);
    this.passes = begin.map(() => 0);
  }

  /** The points of each query that its layers' stages lack. */
  asked(): AskedPoint[][] {
    return this.paths.map(layers => layers.flatMap((path, layer) => this.lacking(path, layer)));
  }

  /** @param query its index */
  takeWhole(query: number, { probability, gradients }: WholeGradient): void {
    gradients.forEach((gradient, layer) => {
      this.paths[query][layer].nodes[AT_ONE] = { probability, gradient };
    });
  }

  /** The scores of each layer as its stage has them: means over the answer's tokens. */
  estimate(): readonly LayerEstimate[] {
    return this.stages.map((_, layer) => this.estimateOf(layer));
  }

  /** Sends a layer on to the next stage, or straight to the rule. */
  raise(layer: number, how: 'further' | 'exactly'): void {
    const { stages } = this.climb;
    const stage = this.stages[layer];
    // Of this layer alone: those that were raised before it have no points yet.
    const { bar } = this.estimateOf(layer);
    const isCheap = this.climb.rule.alphas.length <= DEAR_RULE;
    const isWaste = stage === 9 && isCheap && bar > HARDLY_SMALLER * this.barsBefore[layer];
    this.stages[layer] = how === 'exactly' || isWaste ? 'rule' : stages[stages.indexOf(stage) + 1];
    this.barsBefore[layer] = bar;
    this.estimates[layer] = undefined;
  }

  /** What it came to. */
  scored(): ScoredPrompt {
    const inner = this.climb.rule.alphas.filter(alpha => alpha !== 1).length;
    const passes: PassCount = {
      done: this.passes.reduce((a, b) => a + b, 0),
      ofLayers: this.passes,
      ofRule: this.queries.length * this.stages.length * inner,
    };
    return { scores: this.estimate().map(({ scores }) => scores), passes };
  }

  private estimateOf(layer: number): LayerEstimate {
    const stage = this.stages[layer];
    const estimate =
      this.estimates[layer] ??
      meanEstimate(
        this.paths.map(layers =>
          stage === 'rule' ? this.byRule(layers[layer]) : this.byNodes(layers[layer], stage),
        ),
      );
    this.estimates[layer] = estimate;
    return estimate;
  }

  private lacking(path: LayerPath, layer: number): AskedPoint[] {
    const stage = this.stages[layer];
    if (stage === 'rule') return path.sum ? [] : this.stepsOfRule(path, layer);
    const places = placesOf(stage);
    return nodesOf(stage).flatMap((alpha, j) => {
      const place = places[j];
      if (place === AT_ONE || path.nodes[place]) return [];
      const take = (gradient: PointGradient) => {
        path.nodes[place] = gradient;
        this.passes[layer]++;
      };
      return [{ layer, alpha, take }];
    });
  }

  private stepsOfRule(path: LayerPath, layer: number): AskedPoint[] {
    const { alphas, weights } = this.climb.rule;
    const sum = new Float64Array(this.width);
    path.sum = sum;
    return alphas.flatMap((alpha, k) => {
      // Where a rule has a step at alpha = 1, it is the last.
      if (alpha === 1) return [];
      const take = ({ gradient }: PointGradient) => {
        addTo(sum, gradient, weights[k]);
        this.passes[layer]++;
      };
      return [{ layer, alpha, take }];
    });
  }

  private byRule({ sum, nodes }: LayerPath): LayerEstimate {
    const { alphas, weights } = this.climb.rule;
    const last = alphas.length - 1;
    const whole = Float64Array.from(sum ?? []);
    if (alphas[last] === 1) addTo(whole, atOne(nodes).gradient, weights[last]);
    const scores = Float32Array.from(whole);
    return { scores, largest: largestOf(scores), bar: 0, exact: true };
  }

  private byNodes({ nodes }: LayerPath, stage: Level): LayerEstimate {
    return estimateLayer(nodes, stage, this.climb.weights);
  }
}

/** Neuron by neuron, over the tokens of an answer; their bars likewise. */
function meanEstimate(estimates: readonly LayerEstimate[]): LayerEstimate {
  const [first] = estimates;
  if (estimates.length === 1) return first;
  const mean = (of: (estimate: LayerEstimate) => number) =>
    estimates.reduce((sum, estimate) => sum + of(estimate), 0) / estimates.length;
  const scores = first.scores.map((_, n) => mean(({ scores }) => scores[n]));
  return {
    scores,
    largest: largestOf(scores),
    bar: mean(({ bar }) => bar),
    exact: estimates.every(({ exact }) => exact),
  };
}

function largestOf(scores: Float32Array): number {
  return scores.reduce((max, score) => Math.max(max, Math.abs(score)), 0);
}

function addTo(sum: Float64Array, gradient: Float32Array, weight: number): void {
  for (let n = 0; n < sum.length; n++) sum[n] += weight * gradient[n];
}

function atOne(nodes: LayerPath['nodes']): PointGradient {
  const node = nodes[AT_ONE];
  if (!node) throw new RangeError('alpha = 1 was not asked for');
  return node;
}
