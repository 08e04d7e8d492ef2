/** `kn evaluate erasure`: each relation's most frequent neurons erased, measured, and put back. */
import { UsageError } from '../../errors.js';
import { type ErasureSummary, erasureCsv, erasureEffect } from '../../experiment/erasure/summary.js';
import {
  type ErasureDesign,
  erasureWork,
  mostFrequent,
  type PlannedErasure,
  recordOf,
} from '../../experiment/erasure/work.js';
import { neuronsOfFacts } from '../../experiment/facts/neurons-of-facts.js';
import { areGiven } from '../../experiment/facts/stages.js';
import { type FactsByRelation, factsByRelation } from '../../experiment/run/sample.js';
import { writeValueResults } from '../../experiment/run/value-results.js';
import type { EraseValue } from '../../intervention/value-rules.js';
import type { Neuron } from '../../neurons/neuron.js';
import type { DataRunOptions } from '../options/data-run-options.js';
import { erasureText } from '../output/erasure-table.js';
import { printResult } from '../output/result-text.js';
import { runExperiment } from './data-run.js';

export interface ErasureOptions extends DataRunOptions {
  readonly erase?: readonly string[];
  readonly top: number;
  readonly value: EraseValue;
  readonly ownFacts: number;
  readonly otherFacts: number;
  readonly seed: number;
}

/** @returns the exit code */
export function runErasures(options: ErasureOptions): Promise<number> {
  const { top, value, ownFacts, otherFacts, seed } = options;
  const design: ErasureDesign = { top, value, ownFacts, otherFacts, seed };
  return runExperiment(
    {
      command: 'evaluate erasure',
      asked: { suppress: false, enhance: null },
      recorded: { settings: { erasure: settingsOf(options) }, words: wordsOf(options) },
      suffix: '-erasure',
      needsNeurons: false,
      prepare: ({ model, tokenizer, dataset, stages, plan }) => {
        const relations = factsByRelation(plan.facts);
        const erased = relationsToErase(relations, options.erase);
        if (value === 'unk' && tokenizer.unknownId === undefined)
          throw new UsageError('--value unk: the model has no unknown token', 'Erase with --value zero.');
        return async ({ folder, work, negatives }) => {
          const { journal } = folder;
          const facts = plan.facts.filter(({ relation }) => erased.includes(relation));
          const found = await neuronsOfFacts({ facts, negatives, stages, dataset, journal }, work);
          const all = planErasures(erased, relations, found.neurons, top);
          const planned = all.filter(({ neurons }) => neurons.length > 0);
          const { continuation } = stages;
          const erasures = { planned, relations, design, continuation, dataset, journal };
          const failed = await work('relations', erasureWork(erasures));
          const failures = new Set(failed.map(({ relation }) => relation));
          const summary: ErasureSummary = {
            model,
            facts: {
              selected: plan.facts.length + plan.skipped.length,
              skipped: plan.skipped,
              failed: [...found.failed, ...failed],
            },
            skippedRelations: all
              .filter(({ neurons }) => neurons.length === 0)
              .map(({ relation }) => ({ relation, reason: 'none of its facts has knowledge neurons' })),
            relations: Object.fromEntries(
              planned
                .filter(({ relation }) => !failures.has(relation))
                .flatMap(({ relation }) => {
                  const erasure = journal.get(recordOf(relation))?.erasure;
                  return erasure ? [[relation, erasureEffect(erasure)] as const] : [];
                }),
            ),
          };
          const neurons = areGiven(stages.neurons) ? undefined : found.neurons;
          const files = await writeValueResults(folder, 'erasure', {
            neurons,
            csv: erasureCsv(summary),
            summary,
          });
          return printResult({ summary, files, folder: folder.path }, erasureText, options);
        };
      },
    },
    options,
  );
}

/** @throws UsageError where one of the wanted has no facts */
function relationsToErase(relations: FactsByRelation, wanted: readonly string[] | undefined): string[] {
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

function planErasures(
  erased: readonly string[],
  relations: FactsByRelation,
  neurons: ReadonlyMap<string, readonly Neuron[]>,
  top: number,
): PlannedErasure[] {
  return erased.map(relation => {
    const facts = relations.get(relation) ?? [];
    return {
      relation,
      neurons: mostFrequent(
        facts.map(({ uuid }) => neurons.get(uuid) ?? []),
        top,
      ),
    };
  });
}

function settingsOf({ erase, top, value, ownFacts, otherFacts, seed }: ErasureOptions) {
  return {
    relations: erase ? [...erase] : null,
    top,
    value,
    own_facts: ownFacts,
    other_facts: otherFacts,
    seed,
  };
}

function wordsOf({ erase, top, value, ownFacts, otherFacts, seed }: ErasureOptions) {
  return [
    ...(erase ? ['--erase', erase.join()] : []),
    ...['--top', String(top), '--value', value],
    ...['--own-facts', String(ownFacts), '--other-facts', String(otherFacts), '--seed', String(seed)],
  ];
}
