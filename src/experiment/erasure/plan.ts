import type { FactKey } from '../../dataset/fact.js';
import { UsageError } from '../../errors.js';
import { neuronFileNames } from '../facts/neurons-of-facts.js';
import { type FindingPlan, planFinding } from '../facts/plan.js';
import { stagesOf } from '../facts/stages.js';
import type { ExperimentData, ExperimentPlan } from '../run/experiment.js';
import { findsAsInPaper } from '../run/paper.js';
import { type FactsByRelation, factsByRelation } from '../run/sample.js';
import { DEFAULTS } from './defaults.js';
import { designOf, type ErasureDesign, type ErasureRequest } from './request.js';

export interface ErasurePlan extends FindingPlan, ExperimentPlan {
  readonly relations: FactsByRelation;
  /** Names of those that are erased, in the data set's order. */
  readonly erased: readonly string[];
  readonly design: ErasureDesign;
  /** Whether it is the paper's experiment, so that the numbers of both compare. */
  readonly isPapers: boolean;
}

/**
 * @throws UserError where no fact can be asked
 * @throws UsageError where a relation to erase has none, or the model has nothing to erase with
 */
export function planErasure(request: ErasureRequest, data: ExperimentData): ErasurePlan {
  const design = designOf(request);
  const stages = stagesOf(request, data.given);
  const { erase } = request.erasure;
  const isFound = ({ relation }: FactKey) => erase === null || erase.includes(relation);
  const { sizes: _, operations: __, ...finding } = planFinding(stages, data, { isFound });
  const relations = factsByRelation(finding.facts);
  const erased = relationsToErase(relations, erase);
  if (design.value === 'unk' && data.tokenizer.unknownId === undefined)
    throw new UsageError('--value unk: the model has no unknown token', 'Erase with --value zero.');
  const facts = erased.reduce((sum, name) => sum + (relations.get(name)?.length ?? 0), 0);
  return {
    ...finding,
    ...{ relations, erased, design },
    isPapers: findsAsInPaper(request, data.config) && erasesAsInPaper(design, relations),
    work: [...finding.work, { name: 'erasing', facts, queries: null, passes: null, operations: null }],
    files: neuronFileNames(data.model, stages.neurons),
    shown: { name: 'erasure', data: true, figures: [] },
  };
}

/** Whether 20 values are made zero, and every fact asked, as in Dai et al., section 5.2. Which relations are erased is free. */
function erasesAsInPaper(
  { top, value, ownFacts, otherFacts }: ErasureDesign,
  relations: FactsByRelation,
): boolean {
  const most = Math.max(...[...relations.values()].map(({ length }) => length));
  return top === DEFAULTS.top && value === DEFAULTS.value && Math.min(ownFacts, otherFacts) >= most;
}

function relationsToErase(relations: FactsByRelation, wanted: readonly string[] | null): string[] {
  const present = [...relations.keys()];
  const unknown = wanted?.find(relation => !relations.has(relation));
  if (unknown !== undefined) {
    throw new UsageError(
      `--erase: no fact of a relation ${unknown} is selected`,
      `There are facts of ${present.join(', ')}.`,
    );
  }
  return wanted ? present.filter(relation => wanted.includes(relation)) : present;
}
