/** What a library's caller asks for: a few facts of the demo. */
import { join } from 'node:path';
import type { RequestInput } from '../experiment/experiments.js';
import { temporaryFolder } from './temporary-folder.js';

export const ASKED = {
  experiment: 'facts',
  model: { id: 'demo' },
  data: { relations: ['P36', 'P30'], limit: 2 },
  devices: { engine: 'wasm', workers: 1 },
} as const;

/** What that leaves in its folder. */
export const ASKED_FILES = [
  ...['demo_pararel_neurons_0.json', 'demo_pararel_results_0.json', 'summary.csv'],
  ...['figure3.svg', 'figure3.vl.json', 'figure3.csv', 'figure4.svg', 'figure4.vl.json', 'figure4.csv'],
  'summary.json',
];

/** The same, into a folder that is not there yet. */
export function inFolder(more: Partial<RequestInput> = {}) {
  const folder = join(temporaryFolder(), 'out');
  return { folder, request: { ...ASKED, results: { folder }, ...more } as const };
}
