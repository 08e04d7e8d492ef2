/** What a run goes on from: its folder's settings, journals and lock; and what it may be asked. */
import { join } from 'node:path';
import { describe } from 'vitest';
import { lockHolder } from '../runtime/locks/process-lock.js';
import { fuzz, fuzzFile, mutationsOf } from '../testing/fuzz/fuzz-reader.js';
import { ERASURE_RECORDS } from './erasure/record.js';
import { completeRequest } from './experiments.js';
import { FACT_RECORDS } from './facts/record.js';
import { Journal } from './run/journal.js';
import type { JournalRecord, RecordKind } from './run/record-kind.js';
import {
  checkResultsPlace,
  earlierPlans,
  holdFolder,
  modelLayers,
  ResultsFolder,
} from './run/results-folder.js';
import { type Settings, settingsSchema } from './run/settings.js';
import { UPDATE_RECORDS } from './update/record.js';

const side = {
  ...{ pct_change: [-0.5, null], correct_before: [true, false], correct_after: [false, false], n_prompts: 2 },
  ...{ probability_before: [0.5, 0], probability_after: [0.25, 0] },
};
const effects = { related: side, unrelated: side, baseline: side };
const fact = {
  uuid: 'a',
  counts: { prompts: 2, knowledge: [[0, 1, 2]], baseline: [[1, 1, 1]] },
  neurons: [[0, 1]],
  baseline_neurons: [[1, 1]],
  suppression: effects,
  enhancement: effects,
};
const asked = { log_perplexity: 1.5, accuracy: 0.5, prompts: 2 };
const standings = { probability: [0.5, 0.25], rank: [1, 2] };
const measured = { answer: standings, target: standings, same: asked, other: null };
const changed = { before: measured, knowledge: measured, random: measured };
const update = {
  uuid: 'a',
  neurons: [[0, 1]],
  update: { target: 'x', neurons: [[0, 1]], measured: changed },
};
const both = { own: asked, others: null };
const erasure = { uuid: 'P36', erasure: { neurons: [[0, 1]], before: both, after: both } };

const lines = (record: object) =>
  `${JSON.stringify(record)}\n${JSON.stringify({ uuid: 'b', neurons: [] })}\n`;

const settings = {
  format: 1,
  commands: ['kn find --model demo'],
  requests: [{ experiment: 'facts' }],
  model: { name: 'demo', revision: null, weights_sha256: 'aa' },
  layers: 2,
  data: { sha256: 'bb', relations: ['P36'], limit: null },
  versions: { kn: '0.1.0' },
  protocol: { name: 'eleutherai', site: 'post' },
  plans: [
    {
      ...{ device: 'cpu', name: 'a processor', engine: 'wasm', version: '4.22.0', workers: 2, threads: 1 },
      ...{ batch_bytes: 1e8, memory_was_full: false },
    },
  ],
  neurons: { threshold: 0.2, method: 'ig' },
} satisfies Settings;

function fuzzJournal<Line extends JournalRecord>(
  title: string,
  record: object,
  kind: RecordKind<Line>,
): void {
  const files = { 'journal.jsonl': lines(record) };
  fuzzFile(title, {
    files,
    file: 'journal.jsonl',
    read: async folder => {
      const journal = await Journal.open(join(folder, 'journal.jsonl'), kind);
      const read = ['a', 'b', 'P36'].map(uuid => journal.get(uuid));
      journal.close();
      return read;
    },
  });
}

describe('a results folder', () => {
  fuzzJournal('journal of facts', fact, FACT_RECORDS);
  fuzzJournal('journal of an update', update, UPDATE_RECORDS);
  fuzzJournal('journal of an erasure', erasure, ERASURE_RECORDS);

  const files = { 'run.json': JSON.stringify(settings), 'journal.jsonl': lines(fact) };
  fuzzFile('run.json', {
    files,
    file: 'run.json',
    read: async folder => {
      const read = [await modelLayers(folder), await earlierPlans(folder)];
      await checkResultsPlace({ folder, fresh: false });
      const now = settingsSchema.parse(settings);
      const held = await holdFolder(folder);
      const options = { note: { arguments: [] }, fresh: false, kind: FACT_RECORDS };
      try {
        const begun = await ResultsFolder.begin(held, now, options);
        begun.close();
        return [read, begun.settings];
      } finally {
        await held.release();
      }
    },
  });

  const holder = {
    pid: 2 ** 22 + 1,
    host: 'elsewhere',
    started: '1',
    since: '2026-11-28T00:00:00Z',
    id: 'x',
  };
  fuzzFile('lock', {
    files: { lock: JSON.stringify(holder) },
    file: 'lock',
    mutations: mutationsOf('lock.json', JSON.stringify(holder)),
    // A lock that says nothing belongs to nobody, where nobody touches it.
    refuses: false,
    read: folder => lockHolder(join(folder, 'lock')),
  });
});

describe('a request', () => {
  const requests = {
    facts: { experiment: 'facts', neurons: { threshold: { kind: 'adaptive', value: 0.3 } }, suppress: true },
    update: { experiment: 'update', data: { relations: ['P36'], limit: 3 }, controls: { seed: 3 } },
    erasure: { experiment: 'erasure', neurons: { given: [[0, 1]] }, devices: { workers: 2 } },
  };
  for (const [name, request] of Object.entries(requests)) {
    const text = JSON.stringify(
      completeRequest(JSON.parse(JSON.stringify({ experiment: request.experiment }))),
    );
    fuzz(`request of ${name}`, text, mutationsOf('request.json', text), content => {
      let value: unknown;
      try {
        value = JSON.parse(String(content));
      } catch {
        return undefined;
      }
      return completeRequest(Object(value));
    });
  }
});
