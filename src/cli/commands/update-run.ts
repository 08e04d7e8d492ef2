/** `kn evaluate update`: each fact's neurons edited, measured, and put back. */
import { neuronsOfFacts } from '../../experiment/facts/neurons-of-facts.js';
import { areGiven } from '../../experiment/facts/stages.js';
import { factsByRelation } from '../../experiment/run/sample.js';
import { writeValueResults } from '../../experiment/run/value-results.js';
import { planUpdates, type UpdateDesign } from '../../experiment/update/plan.js';
import { summarizeUpdates, updateCsv } from '../../experiment/update/summary.js';
import { doUpdates } from '../../experiment/update/work.js';
import { type EditRule, LAMBDAS } from '../../intervention/value-rules.js';
import { answerIds } from '../../model/tokenizer/tokenizer.js';
import type { DataRunOptions } from '../options/data-run-options.js';
import { printResult } from '../output/result-text.js';
import { updateText } from '../output/update-table.js';
import { runExperiment } from './data-run.js';

export interface UpdateOptions extends DataRunOptions {
  readonly editRule: EditRule;
  readonly lambda1?: number;
  readonly lambda2?: number;
  readonly updates: number;
  readonly shared: number;
  readonly measured: number;
  readonly wrongToo?: boolean;
  readonly seed: number;
}

/** @returns the exit code */
export function runUpdates(options: UpdateOptions): Promise<number> {
  const design = designOf(options);
  return runExperiment(
    {
      command: 'evaluate update',
      asked: { suppress: false, enhance: null },
      recorded: { settings: { update: settingsOf(design) }, words: wordsOf(design) },
      suffix: '-update',
      needsNeurons: false,
      prepare: ({ model, config, tokenizer, dataset, stages, plan }) => {
        const relations = factsByRelation(plan.facts);
        const answerOf = remembered((object: string) => answerIds(tokenizer, object).join());
        return async ({ folder, work, negatives }) => {
          const { journal } = folder;
          const facts = { facts: plan.facts, negatives, stages, dataset, journal };
          const found = await neuronsOfFacts(facts, work);
          const planned = planUpdates(relations, uuid => found.neurons.get(uuid), answerOf, design);
          const { continuation } = stages;
          const done = await doUpdates(
            { planned, relations, design, continuation, model: config, dataset, journal },
            pieces => work('updates', pieces),
          );
          const failed = [...found.failed, ...done.failed];
          const failures = new Set(failed.map(({ uuid }) => uuid));
          const summary = summarizeUpdates(
            model,
            plan.facts.length + plan.skipped.length,
            done.updated,
            [...plan.skipped, ...done.skipped.filter(({ uuid }) => !failures.has(uuid))],
            failed,
          );
          const neurons = areGiven(stages.neurons) ? undefined : found.neurons;
          const files = await writeValueResults(folder, 'update', {
            neurons,
            csv: updateCsv(done.updated),
            summary,
          });
          return printResult({ summary, files, folder: folder.path }, updateText, options);
        };
      },
    },
    options,
  );
}

function designOf(options: UpdateOptions): UpdateDesign {
  const { editRule: rule, updates: perRelation, shared, measured, seed } = options;
  const { lambda1 = LAMBDAS[rule].lambda1, lambda2 = LAMBDAS[rule].lambda2 } = options;
  const onlyCorrect = !options.wrongToo;
  return { rule, lambdas: { lambda1, lambda2 }, perRelation, shared, measured, onlyCorrect, seed };
}

function settingsOf({ rule, lambdas, perRelation, shared, measured, onlyCorrect, seed }: UpdateDesign) {
  return {
    edit_rule: rule,
    ...lambdas,
    updates: perRelation,
    shared,
    measured,
    prompts: onlyCorrect ? 'answered correctly' : 'all',
    seed,
  };
}

function wordsOf({ rule, lambdas, perRelation, shared, measured, onlyCorrect, seed }: UpdateDesign) {
  return [
    ...['--edit-rule', rule],
    ...['--lambda1', String(lambdas.lambda1), '--lambda2', String(lambdas.lambda2)],
    ...['--updates', String(perRelation), '--shared', String(shared), '--measured', String(measured)],
    ...(onlyCorrect ? [] : ['--wrong-too']),
    ...['--seed', String(seed)],
  ];
}

function remembered<Key, Value>(of: (key: Key) => Value): (key: Key) => Value {
  const known = new Map<Key, Value>();
  return key => {
    const value = known.get(key) ?? of(key);
    known.set(key, value);
    return value;
  };
}
