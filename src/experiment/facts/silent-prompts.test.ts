/** Facts whose answer has a probability of 0 in float32: what a run finds of them, and says. */
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Dataset, openDataset } from '../../dataset/dataset.js';
import type { FactKey } from '../../dataset/fact.js';
import { DEMO_DATA } from '../../embedded.js';
import { loadModel } from '../../model/load.js';
import { startEngine } from '../../runtime/engine.js';
import { silentModel } from '../../testing/silent-model.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { findingOverData } from '../run/finding.js';
import { Journal } from '../run/journal.js';
import { runCountTask } from './count-task.js';
import { FACT_RECORDS, type FactRecord, joinRecords } from './record.js';
import { finishFacts } from './results.js';
import { showFacts } from './shown.js';
import { silentLines } from './silent-prompts.js';
import { areTuned, type NeuronSource, type Stages } from './stages.js';
import { type AskedFact, runFactTask } from './task.js';
import { tuneRelations } from './tuned-relations.js';

const BATCHES = { batchBytes: 1e8 };
const finding = (protocol: 'eleutherai' | 'dai', adaptive: number, share: number): NeuronSource =>
  findingOverData(
    {
      ...{ method: 'integrated_gradients', rule: 'riemann_left', steps: 4, share },
      threshold: { kind: 'adaptive', value: adaptive },
    },
    protocol,
  );
const ELEUTHERAI = finding('eleutherai', 0.3, 0.3);
const DAI = finding('dai', 0.2, 0.7);

let dataset: Dataset;
/** Asked for paris, and for another answer. */
let facts: [silent: FactKey, other: FactKey];

beforeAll(async () => {
  await startEngine('wasm');
  dataset = await openDataset(DEMO_DATA, { relations: ['P36'] });
  const isParis = ({ object }: FactKey) => object.toLowerCase() === 'paris';
  const [silent] = dataset.facts.filter(isParis);
  const [other] = dataset.facts.filter(fact => !isParis(fact));
  facts = [silent, other];
});

const asked = (fact: FactKey): AskedFact => ({
  object: fact.object,
  prompts: dataset.withPrompts(fact).prompts,
});

/** The records of facts, as a worker makes them with a model that never says paris. */
async function recordsOf(
  asking: readonly FactKey[],
  source: NeuronSource,
  negatives: string[] = [],
): Promise<FactRecord[]> {
  const { model, tokenizer } = await loadModel(silentModel());
  const records: FactRecord[] = [];
  for (const fact of asking) {
    const { uuid } = fact;
    const task = { uuid, fact: asked(fact), negatives, site: 'post', continuation: 'answer' } as const;
    if ('of' in source) throw new Error('neurons are to be found');
    records.push(
      areTuned(source)
        ? await runCountTask(model, tokenizer, { ...task, counting: source }, BATCHES)
        : await runFactTask(model, tokenizer, { ...task, neurons: source, interventions: null }, BATCHES),
    );
  }
  model.dispose();
  return records;
}

/** What a run that has these records says. */
async function finished(source: NeuronSource, records: readonly FactRecord[]) {
  const journal = await Journal.open(join(temporaryFolder(), 'journal.jsonl'), FACT_RECORDS);
  for (const record of records) journal.append(record);
  const stages: Stages = {
    ...{ site: 'post', continuation: 'answer', maxAnswerTokens: 1, neurons: source, negatives: null },
    ...{ suppress: false, enhance: null, unrelated: null },
  };
  const run = { facts, skipped: [], stages, model: 'silent', unrelated: new Map(), failed: [] };
  const { summary, results } = finishFacts(run, journal);
  journal.close();
  const file: Record<string, number[][]> = JSON.parse(results.get('silent_pararel_neurons_0.json') ?? '{}');
  return { summary, file, text: showFacts(summary, false, []).text.join('\n') };
}

describe('a fact whose answer has a probability of 0', () => {
  it('has no neurons, though 0 is at 0.2 of 0, and its prompts are counted', async () => {
    const [silent, other] = facts;
    const prompts = asked(silent).prompts.length;
    const records = await recordsOf([silent, other], DAI);
    const [record] = records;
    expect(record.counts).toMatchObject({ prompts, knowledge: [] });
    // Activations are what they are: the baseline has something to say.
    expect(record.counts?.baseline.length).toBeGreaterThan(0);
    expect(record.silent).toEqual({ prompts, negatives: 0, baseline: 0 });

    const { summary, file, text } = await finished(DAI, records);
    expect(file[silent.uuid]).toEqual([]);
    expect(file[other.uuid].length).toBeGreaterThan(0);
    expect(summary.silentPrompts).toEqual({ facts: 1, prompts, negatives: 0, baseline: 0 });
    expect(summary.tuning?.P36.factsWithTooFewPrompts).toBe(1);
    expect(text).toContain(`Every neuron scores 0 at ${prompts} prompts of 1 fact`);
  });

  it('is counted by the other protocol too', async () => {
    const [silent, other] = facts;
    const prompts = asked(silent).prompts.length;
    const records = await recordsOf([silent, other], ELEUTHERAI);
    expect(records[0]).toMatchObject({
      ...{ uuid: silent.uuid, neurons: [] },
      silent: { prompts, negatives: 0, baseline: 0 },
    });
    expect(Object.keys(records[1])).toEqual(['uuid', 'passes', 'neurons']);
    const { summary, text } = await finished(ELEUTHERAI, records);
    expect(summary.silentPrompts).toEqual({ facts: 1, prompts, negatives: 0, baseline: 0 });
    expect(text).toContain('the method says nothing there');
  });

  it('is counted where its prompts are silent negative prompts', async () => {
    const [silent, other] = facts;
    // Asked for the fact's own answer, as negative prompts are.
    const negatives = asked(other).prompts.slice(0, 2);
    for (const source of [ELEUTHERAI, DAI]) {
      const [record] = await recordsOf([silent], source, negatives);
      expect(record.silent).toMatchObject({ negatives: 2 });
    }
  });
});

describe('what a journal says of silent prompts', () => {
  const BOTH: [number, number, number][] = [
    [0, 0, 5],
    [0, 1, 5],
  ];
  const counted: FactRecord = {
    uuid: 'a',
    counts: { prompts: 10, knowledge: BOTH, baseline: BOTH },
    silent: { prompts: 3, negatives: 0, baseline: 0 },
  };

  it('lowers the number of prompts that a share is of, for the kind of neurons that it is about', () => {
    if (!areTuned(DAI)) throw new Error('dai tunes');
    const relation = [{ uuid: 'a', relation: 'P36', subject: 's', object: 'o' }];
    // 5 of 7 prompts are 0.7 or more of them, and of 10 only at the fifth share.
    expect(tuneRelations(relation, () => counted, DAI).relations.get('P36')).toMatchObject({
      templates: 10,
      knowledge: { tries: 1, neuronsPerFact: 2 },
      baseline: { tries: 5, neuronsPerFact: 2 },
    });
  });

  it('stays when a later line measures, and is not asked of an earlier one', () => {
    const later: FactRecord = { uuid: 'a', neurons: [[0, 0]], baseline_neurons: [] };
    expect(joinRecords(counted, later).silent).toEqual({ prompts: 3, negatives: 0, baseline: 0 });
    expect(FACT_RECORDS.schema.parse({ uuid: 'a', neurons: [] })).toEqual({ uuid: 'a', neurons: [] });
  });

  it('is told by kinds, or not at all', () => {
    expect(silentLines(undefined)).toEqual([]);
    expect(silentLines({ facts: 2, prompts: 1, negatives: 3, baseline: 1 })[0]).toContain(
      'at 1 prompt, 3 negative prompts, for baseline neurons 1 prompt of 2 facts',
    );
  });
});
