/** What the comparison of the two paths comes to, at one threshold, fact by fact. */
import type { CountedModel } from '../../src/attribution/count-operations.js';
import type { Path } from '../../src/attribution/methods.js';
import { type Quadrature, quadrature } from '../../src/attribution/rules.js';
import type { ScoredPrompt } from '../../src/attribution/scores.js';
import type { CoarseThreshold } from '../../src/neurons/coarse.js';
import { operationsDone, wholeGoesAlong } from '../bench/operations-done.js';
import type { FoundBy } from './both-paths.js';
import { isTie, marginOf, strayNeurons } from './differences.js';
import type { AskedFact } from './model-and-facts.js';
import { nameOf, type StudyOptions } from './options.js';
import { StagesOfLayer } from './stages.js';

/** A sum for each path. */
type OfPaths = Record<Path, number>;

export class Tally {
  facts = 0;
  prompts = 0;
  differentCoarse = 0;
  differentRefined = 0;
  /** A line for each neuron that one list alone has. */
  readonly lines: string[] = [];
  readonly passes: OfPaths = { exact: 0, interpolated: 0 };
  readonly operations: OfPaths = { exact: 0, interpolated: 0 };
  readonly seconds: OfPaths = { exact: 0, interpolated: 0 };
  readonly traced: OfPaths = { exact: 0, interpolated: 0 };
  readonly layers: readonly StagesOfLayer[];
  private readonly rule: Quadrature;

  constructor(
    readonly threshold: CoarseThreshold,
    private readonly model: CountedModel,
    { rule, steps }: Pick<StudyOptions, 'rule' | 'steps'>,
  ) {
    this.rule = quadrature(rule, steps);
    this.layers = Array.from({ length: model.layers }, () => new StagesOfLayer(this.rule));
  }

  /** @param scored by the exact path */
  add(fact: AskedFact, scored: readonly ScoredPrompt[], by: Readonly<Record<Path, FoundBy>>): void {
    const { exact, interpolated } = by;
    this.facts++;
    this.prompts += fact.prompts.length;
    fact.prompts.forEach((text, i) => {
      const strays = strayNeurons({
        exact: exact.found.prompts[i].coarse,
        interpolated: interpolated.found.prompts[i].coarse,
      });
      if (strays.length > 0) this.differentCoarse++;
      for (const { neuron, onlyIn } of strays) {
        const margin = marginOf(neuron, scored[i].scores, this.threshold);
        this.lines.push(
          `${nameOf(this.threshold)}, "${text}": [${neuron}] is coarse in ${onlyIn} alone, ${margin.toExponential(2)} of the threshold above it` +
            (isTie(margin) ? ': a tie, but for the rounding of float32' : ''),
        );
      }
      const { ofLayers } = interpolated.found.prompts[i].passes;
      ofLayers.forEach((passes, layer) => {
        this.layers[layer].add(passes / fact.queries[i].length);
      });
    });
    const refined = strayNeurons({
      exact: exact.found.neurons,
      interpolated: interpolated.found.neurons,
    });
    if (refined.length > 0) this.differentRefined++;
    for (const { neuron, onlyIn } of refined)
      this.lines.push(
        `${nameOf(this.threshold)}, "${fact.prompts[0]}" ...: [${neuron}] is refined in ${onlyIn} alone`,
      );
    this.addWork('exact', fact, exact);
    this.addWork('interpolated', fact, interpolated);
  }

  private addWork(path: Path, { queries }: AskedFact, { found, seconds, traced }: FoundBy): void {
    const prompts = found.prompts.map(({ passes }, i) => ({ queries: queries[i], passes }));
    this.passes[path] += prompts.reduce((sum, { passes }) => sum + passes.done, 0);
    this.operations[path] += operationsDone(this.model, prompts, wholeGoesAlong(this.rule, path), traced);
    this.seconds[path] += seconds;
    for (const count of traced.values()) this.traced[path] += count;
  }
}
