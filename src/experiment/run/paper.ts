/**
 * Dai et al.'s own numbers, which stand beside a run's only where the run is their experiment: Knowledge Neurons in Pretrained
 * Transformers, ACL 2022 (https://aclanthology.org/2022.acl-long.581; on arXiv 2104.08696 v2). The first version on arXiv has
 * other numbers of another measure; none of them are here.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ModelConfig } from '../../model/config.js';
import { completeFinding } from './finding.js';
import { usualSite } from './protocols.js';
import type { RunRequest } from './request.js';

/** Those of its Figures 4 and 5: PARAREL's without the five that have three templates or fewer. */
export const PAPER_RELATIONS: readonly string[] = (
  'P101 P103 P106 P108 P127 P1303 P136 P1376 P138 P140 P1412 P159 P176 P178 P19 P190 P20 P264 P27 P279 P30 P36 P364 P37 ' +
  'P39 P407 P413 P449 P463 P47 P495 P530 P740 P937'
).split(' ');

/** Of bert-base-cased, and of bert-base-uncased. */
const VOCABULARIES = [28_996, 30_522];

/** Whether a model has the shape of bert-base, cased or not. What its weights are, and its name, say nothing of that. */
export function isBertBase(config: ModelConfig): boolean {
  return (
    config.architecture === 'bert' &&
    config.layers === 12 &&
    config.hiddenSize === 768 &&
    config.intermediateSize === 3072 &&
    config.heads === 12 &&
    VOCABULARIES.includes(config.vocabularySize)
  );
}

/** Whether a run finds neurons as the paper does: with all numbers of `dai`, over the whole of PARAREL itself, in a bert-base. */
export function findsAsInPaper(
  { data, protocol, neurons, asking, controls }: RunRequest,
  config: ModelConfig,
): boolean {
  const { name, ...selection } = data;
  return (
    isBertBase(config) &&
    name === 'pararel' &&
    Object.values(selection).every(value => value === null) &&
    protocol === 'dai' &&
    !('given' in neurons) &&
    // Both paths find the same.
    isDeepStrictEqual(
      neurons,
      completeFinding('path' in neurons ? { path: neurons.path } : {}, protocol, 'data'),
    ) &&
    (asking.site ?? usualSite(protocol, config.architecture)) === 'post' &&
    controls.negatives === null
  );
}

/** Of how many facts a run's numbers are, where they compare with the paper's. */
export interface Compared {
  readonly facts: number;
  readonly relations: number;
}

/**
 * Says of what the paper's numbers are, and of what those beside them.
 * @param where in the paper: "Table 2"
 */
export function paperLine(where: string, { facts, relations }: Compared): string {
  return (
    `Paper: Dai et al., ACL 2022, ${where}, of bert-base-cased and 27,738 facts of ${PAPER_RELATIONS.length} relations; ` +
    `here ${facts.toLocaleString('en')} of ${relations}`
  );
}
