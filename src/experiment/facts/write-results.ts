/**
 * The final files of a run, made from its journal alone in the data set's order: they are the same, byte for
 * byte, however often the run was interrupted and however many workers it had.
 */
import type { FactKey } from '../../dataset/fact.js';
import type { Neuron } from '../../neurons/neuron.js';
import { formatNeuronFile } from '../../neurons/neuron-file.js';
import type { RunPlan } from '../run/askable-facts.js';
import type { Journal } from '../run/journal.js';
import type { ResultsFolder } from '../run/results-folder.js';
import { knownNeurons, tunedBy } from './neurons-of-facts.js';
import type { FactResult } from './record.js';
import { formatResultsFile, type ResultsOfFacts } from './results-file.js';
import { areGiven, effectsOf, lacks, type Stages } from './stages.js';
import {
  accuracyBefore,
  type FailedFact,
  type Summary,
  summarizeIntervention,
  summaryCsv,
} from './summary.js';
import type { TunedRelations } from './tuned-relations.js';

export interface FinishedRun {
  readonly model: string;
  readonly plan: RunPlan;
  /** Also those of earlier commands in the folder, where this one measured no intervention. */
  readonly unrelated: ReadonlyMap<string, FactKey>;
  readonly stages: Stages;
  readonly failed: readonly FailedFact[];
}

/**
 * @param figures draws the figures: contents by file name
 * @returns what the files say, and their paths
 */
export async function writeResults(
  run: FinishedRun,
  folder: ResultsFolder,
  figures: (results: ResultsOfFacts) => Promise<ReadonlyMap<string, string>>,
): Promise<{ summary: Summary; files: string[] }> {
  const { journal } = folder;
  const { facts } = run.plan;
  const source = run.stages.neurons;
  const tuned = tunedBy(facts, source, journal);
  const neurons = knownNeurons(facts, source, journal, tuned);
  const { results, incomplete } = resultsOfFacts(run, journal, neurons, tuned);
  const summary = summarize(run, neurons, results, [...run.failed, ...incomplete], tuned);
  const files: string[] = [];
  const write = async (name: string, content: string) => files.push(await folder.write(name, content));
  if (!areGiven(source)) await write(`${run.model}_pararel_neurons_0.json`, formatNeuronFile(neurons));
  if (tuned) {
    const baseline = new Map([...tuned.neurons].map(([uuid, { baseline }]) => [uuid, baseline]));
    await write(`${run.model}_pararel_baseline_0.json`, formatNeuronFile(baseline));
  }
  if (results.size > 0) await write(`${run.model}_pararel_results_0.json`, formatResultsFile(results));
  if (results.size > 0 || tuned) await write('summary.csv', summaryCsv(summary));
  if (results.size > 0) {
    for (const [name, content] of await figures(results)) await write(name, content);
  }
  await write('summary.json', `${JSON.stringify(summary, null, 2)}\n`);
  return { summary, files };
}

/**
 * The results of the facts that are complete. A fact whose unrelated partner failed is not, though its own part
 * is done: whether it belongs into the figures depends on the partner's neurons.
 */
function resultsOfFacts(
  { plan, unrelated, stages }: FinishedRun,
  journal: Journal,
  neurons: ReadonlyMap<string, readonly Neuron[]>,
  tuned: TunedRelations | undefined,
): { results: ResultsOfFacts; incomplete: FailedFact[] } {
  const results = new Map<string, FactResult>();
  const incomplete: FailedFact[] = [];
  for (const { uuid, relation } of plan.facts) {
    const record = journal.get(uuid);
    const own = neurons.get(uuid);
    const compared = tuned?.neurons.get(uuid);
    const partner = unrelated.get(uuid);
    if (!record || !own || !partner || lacks(record, stages, compared)) continue;
    const { suppression, enhancement } = effectsOf(record, compared);
    if (!suppression && !enhancement) continue;
    const theirs = neurons.get(partner.uuid);
    if (!theirs) {
      incomplete.push({ uuid, relation, error: `its unrelated fact ${partner.uuid} failed` });
      continue;
    }
    results.set(uuid, {
      ...(suppression && { suppression }),
      ...(enhancement && { enhancement }),
      n_refined_neurons: own.length,
      n_unrelated_neurons: theirs.length,
      ...(compared && { n_baseline_neurons: compared.baseline.length }),
      relation_name: relation,
      unrelated_uuid: partner.uuid,
    });
  }
  return { results, incomplete };
}

function summarize(
  { model, plan }: FinishedRun,
  neurons: ReadonlyMap<string, readonly Neuron[]>,
  results: ResultsOfFacts,
  failed: readonly FailedFact[],
  tuned: TunedRelations | undefined,
): Summary {
  const total = [...neurons.values()].reduce((sum, list) => sum + list.length, 0);
  return {
    model,
    facts: {
      selected: plan.facts.length + plan.skipped.length,
      done: plan.facts.length - failed.length,
      skipped: plan.skipped,
      failed,
    },
    neuronsPerFact: neurons.size === 0 ? 0 : total / neurons.size,
    accuracy: accuracyBefore(results),
    suppression: summarizeIntervention(results, 'suppression'),
    enhancement: summarizeIntervention(results, 'enhancement'),
    ...(tuned && { tuning: Object.fromEntries(tuned.relations) }),
  };
}
