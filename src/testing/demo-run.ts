/** The main job on a part of the demo, by one worker where a test does not say otherwise: each costs a second to start. */
import { join } from 'node:path';
import { finalFiles, kn } from './run-kn.js';
import { temporaryFolder } from './temporary-folder.js';

/** Two facts of each of 9 relations. */
export const SELECTION = ['--model', 'demo', '--limit', '2'];
export const FACTS = 18;

/** The arguments of a run into `folder`. */
export const evaluate = (folder: string, ...more: string[]) => [
  ...['evaluate', 'pararel', ...SELECTION, '--workers', '1', '--results', folder],
  ...more,
];

export const results = () => join(temporaryFolder(), 'out');

let reference: Promise<Record<string, string>> | undefined;

/** The files of a run that nothing disturbed. */
export function uninterrupted(): Promise<Record<string, string>> {
  reference ??= (async () => {
    const folder = results();
    await kn(evaluate(folder));
    return finalFiles(folder);
  })();
  return reference;
}
