import { describe } from 'vitest';
import { fuzzFile } from '../testing/fuzz/fuzz-reader.js';
import { openDataset } from './dataset.js';

const lines = (values: readonly object[]) => values.map(value => `${JSON.stringify(value)}\n`).join('');

const FILES = {
  'graphs_json/P36.jsonl': lines([
    { pattern: '[X] is governed from [Y] .', lemma: 'govern' },
    { pattern: 'The capital of [X] is [Y] .', extended_lemma: 'capital' },
  ]),
  'trex_lms_vocab/P36.jsonl': lines([
    { sub_label: 'France', obj_label: 'Paris', uuid: 'a', predicate_id: 'P36' },
    { sub_label: 'Peru', obj_label: 'Lima', uuid: 'b', predicate_id: 'P36' },
  ]),
};

describe('a data set', () => {
  for (const file of Object.keys(FILES))
    fuzzFile(file, {
      files: FILES,
      file,
      read: async folder => {
        const masked = await openDataset(folder);
        const causal = await openDataset(folder, { limit: 1 }, true);
        return [masked.facts.map(masked.withPrompts), causal.facts.map(causal.withPrompts), masked.sha256];
      },
    });
});
