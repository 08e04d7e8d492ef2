/**
 * What comes out of a run, made from its journal alone in the data set's order: the same, byte for byte, however often the run
 * was interrupted and however many workers it had.
 */
import type { FactKey } from '../../dataset/fact.js';
import { meanIfAny } from '../../mean.js';
import type { Neuron } from '../../neurons/neuron.js';
import { formatNeuronFile } from '../../neurons/neuron-file.js';
import type { Journal } from '../run/journal.js';
import type { FailedFact } from '../run/outcome.js';
import { countedInFinding } from './counted-in-finding.js';
import { knownNeurons, neuronFiles, tunedBy } from './neurons-of-facts.js';
import type { FactsPlan } from './plan.js';
import type { FactRecord, FactResult } from './record.js';
import { formatResultsFile, type ResultsOfFacts } from './results-file.js';
import { effectsOf, lacks } from './stages.js';
import { accuracyBefore, type Summary, summarizeIntervention } from './summary.js';
import { leftOutOfMeans, type TunedRelations } from './tuned-relations.js';

export interface FinishedRun extends Pick<FactsPlan, 'facts' | 'skipped' | 'stages'> {
  readonly model: string;
  /** Also those of earlier commands in the folder, where this one measured no intervention. */
  readonly unrelated: ReadonlyMap<string, FactKey>;
  readonly failed: readonly FailedFact[];
}

/** @returns the summary, whether any effect is in it, and the result files: contents by name */
export function finishFacts(
  run: FinishedRun,
  journal: Journal<FactRecord>,
): { summary: Summary; measured: boolean; results: Map<string, string> } {
  const { facts, model } = run;
  const source = run.stages.neurons;
  const tuned = tunedBy(facts, source, journal);
  const neurons = knownNeurons(facts, source, journal, tuned);
  const { results, incomplete } = resultsOfFacts(run, journal, neurons, tuned);
  const summary = {
    ...summarize(run, neurons, results, [...run.failed, ...incomplete], tuned),
    ...countedInFinding(facts, source, journal),
  };
  const files = neuronFiles(model, source, neurons);
  if (tuned) {
    const baseline = new Map([...tuned.neurons].map(([uuid, { baseline }]) => [uuid, baseline]));
    files.set(`${model}_pararel_baseline_0.json`, formatNeuronFile(baseline));
  }
  if (results.size > 0) files.set(`${model}_pararel_results_0.json`, formatResultsFile(results));
  return { summary, measured: results.size > 0, results: files };
}

/**
 * The results of the facts that are complete. A fact whose unrelated partner failed is not, though its own part
 * is done: whether it belongs into the figures depends on the partner's neurons.
 */
function resultsOfFacts(
  { facts, unrelated, stages }: FinishedRun,
  journal: Journal<FactRecord>,
  neurons: ReadonlyMap<string, readonly Neuron[]>,
  tuned: TunedRelations | undefined,
): { results: ResultsOfFacts; incomplete: FailedFact[] } {
  const results = new Map<string, FactResult>();
  const incomplete: FailedFact[] = [];
  for (const { uuid, relation } of facts) {
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
  { model, facts, skipped }: FinishedRun,
  neurons: ReadonlyMap<string, readonly Neuron[]>,
  results: ResultsOfFacts,
  failed: readonly FailedFact[],
  tuned: TunedRelations | undefined,
): Summary {
  const leftOut = tuned ? leftOutOfMeans(tuned) : [];
  const counting = facts.filter(({ relation }) => !leftOut.includes(relation));
  return {
    model,
    facts: {
      selected: facts.length + skipped.length,
      done: facts.length - failed.length,
      skipped,
      failed,
    },
    neuronsPerFact: meanIfAny(counting.flatMap(({ uuid }) => neurons.get(uuid)?.length ?? [])),
    accuracy: accuracyBefore(results),
    suppression: summarizeIntervention(results, 'suppression', leftOut),
    enhancement: summarizeIntervention(results, 'enhancement', leftOut),
    ...(tuned && { tuning: Object.fromEntries(tuned.relations), leftOutOfMeans: leftOut }),
  };
}
