import type { FactKey } from '../../dataset/fact.js';
import type { ModelShape } from '../../model/language-model.js';
import { type AskableFacts, askableFacts, type FactSize } from '../run/askable-facts.js';
import type { ExperimentData, ExperimentPlan, PlannedWork } from '../run/experiment.js';
import { drawNegatives, fewerNegatives } from '../run/negatives.js';
import { type OperationsOfQuery, operationsOfQuery, passesOfLayer } from '../run/operations.js';
import { findsAsInPaper } from '../run/paper.js';
import { neuronFileNames } from './neurons-of-facts.js';
import type { FactsRequest } from './request.js';
import { FIGURES } from './shown.js';
import { areGiven, areTuned, type Stages, stagesOf, type UnrelatedDraw } from './stages.js';
import { drawUnrelated } from './unrelated.js';

/** How the neurons of facts are found: what every experiment begins with. */
export interface FindingPlan {
  readonly facts: readonly FactKey[];
  readonly skipped: AskableFacts['skipped'];
  readonly stages: Stages;
  /** By uuid: the facts that lend a fact's negative prompts their subjects; none where none are asked for. */
  readonly negatives: ReadonlyMap<string, readonly FactKey[]>;
  readonly work: readonly PlannedWork[];
  readonly notices: readonly string[];
}

export interface FactsPlan extends FindingPlan, ExperimentPlan {
  /** By uuid; none where no intervention is measured. */
  readonly unrelated: ReadonlyMap<string, FactKey>;
  /** Whether it is the paper's experiment, so that the numbers of both compare. */
  readonly isPapers: boolean;
}

/** @throws UserError where no fact can be asked, or one has no unrelated fact */
export function planFacts(request: FactsRequest, data: ExperimentData): FactsPlan {
  const stages = stagesOf(request, data.given, request.interventions);
  const { facts, sizes, operations, ...finding } = planFinding(stages, data, {
    hasNeurons: uuid => data.given?.of(uuid) !== undefined,
  });
  const unrelated = unrelatedFacts(facts, stages.unrelated);
  return {
    ...finding,
    facts,
    unrelated,
    isPapers: findsAsInPaper(request, data.config),
    work: [...finding.work, ...interventionWork(stages, facts, unrelated, sizes, operations)],
    files: filesOf(data.model, stages),
    shown: {
      name: 'summary',
      data: intervenes(stages) || areTuned(stages.neurons),
      figures: figuresOf(stages),
    },
  };
}

/**
 * @param hasNeurons leaves facts out that have none, where neurons are given
 * @param isFound of all that can be asked, those whose neurons are to be found; default: all
 * @throws UserError where no fact can be asked
 */
export function planFinding(
  stages: Stages,
  data: ExperimentData,
  {
    hasNeurons,
    isFound = () => true,
  }: {
    readonly hasNeurons?: (uuid: string) => boolean;
    readonly isFound?: (fact: FactKey) => boolean;
  } = {},
): FindingPlan & Pick<AskableFacts, 'sizes'> & { readonly operations: OperationsOfQuery } {
  const { dataset, tokenizer, config, given } = data;
  const { maxAnswerTokens } = stages;
  const askable = askableFacts(dataset, tokenizer, config, {
    maxAnswerTokens,
    ...(given && hasNeurons && { hasNeurons }),
  });
  const negatives = stages.negatives ? drawNegatives(askable.facts, stages.negatives) : new Map();
  const fewer = fewerNegatives(askable.facts, negatives, stages.negatives);
  const operations = operationsOfQuery(askable.facts, data);
  return {
    ...askable,
    ...{ stages, negatives, operations },
    work: findingWork(stages, askable.facts.filter(isFound), askable.sizes, negatives, config, operations),
    notices: fewer === undefined ? [] : [fewer],
  };
}

/** The unrelated fact of each fact; none where no intervention is measured. */
export function unrelatedFacts(
  facts: readonly FactKey[],
  unrelated: UnrelatedDraw | null,
): ReadonlyMap<string, FactKey> {
  return unrelated ? drawUnrelated(facts, unrelated.rule, unrelated.seed) : new Map();
}

function findingWork(
  { neurons }: Stages,
  facts: readonly FactKey[],
  sizes: AskableFacts['sizes'],
  negatives: FindingPlan['negatives'],
  { layers }: Pick<ModelShape, 'layers'>,
  { scoring, pass }: OperationsOfQuery,
): PlannedWork[] {
  if (areGiven(neurons)) return [];
  const queries = facts.reduce((sum, { uuid }) => {
    const { queries, answerTokens } = sizes.get(uuid) ?? NOTHING;
    return sum + queries + (negatives.get(uuid)?.length ?? 0) * answerTokens;
  }, 0);
  const method = areTuned(neurons) ? neurons.knowledge : neurons;
  const name = 'finding neurons';
  const baseline = areTuned(neurons) ? pass : 0; // by activations
  return [
    {
      ...{ name, facts: facts.length, queries },
      passes: queries * layers * passesOfLayer(method),
      operations: queries * (scoring(method) + baseline),
    },
  ];
}

function interventionWork(
  { suppress, enhance, neurons }: Stages,
  facts: readonly FactKey[],
  unrelated: ReadonlyMap<string, FactKey>,
  sizes: ReadonlyMap<string, FactSize>,
  { pass }: OperationsOfQuery,
): PlannedWork[] {
  const factors = Number(suppress) + Number(enhance !== null);
  if (factors === 0) return [];
  const sizeOf = (uuid: string | undefined) => (sizes.get(uuid ?? '') ?? NOTHING).queries;
  const times = areTuned(neurons) ? 2 : 1; // baseline neurons too
  const queries = facts.reduce(
    (sum, { uuid }) => sum + times * sizeOf(uuid) + sizeOf(unrelated.get(uuid)?.uuid),
    0,
  );
  const name =
    suppress && enhance !== null ? 'suppressing and enhancing' : suppress ? 'suppressing' : 'enhancing';
  const operations = queries * (1 + factors) * pass;
  return [{ name, facts: facts.length, queries, passes: queries * factors, operations }];
}

const NOTHING: FactSize = { queries: 0, answerTokens: 0 };

function intervenes({ suppress, enhance }: Stages): boolean {
  return suppress || enhance !== null;
}

function figuresOf({ suppress, enhance }: Stages): string[] {
  const measured = { suppression: suppress, enhancement: enhance !== null };
  return FIGURES.flatMap(({ name, intervention }) => (measured[intervention] ? [name] : []));
}

function filesOf(model: string, stages: Stages): string[] {
  const { neurons } = stages;
  return [
    ...neuronFileNames(model, neurons),
    ...(areTuned(neurons) ? [`${model}_pararel_baseline_0.json`] : []),
    ...(intervenes(stages) ? [`${model}_pararel_results_0.json`] : []),
  ];
}
