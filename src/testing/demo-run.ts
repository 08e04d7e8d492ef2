/** The main job on a part of the demo: 45 facts of 9 relations. */
import { join } from 'node:path';
import { finalFiles, kn } from './run-kn.js';
import { temporaryFolder } from './temporary-folder.js';

/** The arguments of a run into `folder`. */
export const evaluate = (folder: string, ...more: string[]) => [
  ...['evaluate', 'pararel', '--model', 'demo', '--limit', '5', '--results', folder],
  ...more,
];

export const results = () => join(temporaryFolder(), 'out');

let reference: Promise<Record<string, string>> | undefined;

/** The files of a run that nothing disturbed. */
export function uninterrupted(): Promise<Record<string, string>> {
  reference ??= (async () => {
    const folder = results();
    await kn(evaluate(folder, '--workers', '1'));
    return finalFiles(folder);
  })();
  return reference;
}
