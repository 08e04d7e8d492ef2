/** The main job on a part of the demo, by one worker where a test does not say otherwise: each costs a second to start. */
import { readFileSync, writeFileSync } from 'node:fs';
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

interface Run {
  readonly files: Record<string, string>;
  readonly journal: string;
}

let reference: Promise<Run> | undefined;

/** A run that nothing disturbed. */
function uninterruptedRun(): Promise<Run> {
  reference ??= (async () => {
    const folder = results();
    await kn(evaluate(folder));
    return { files: finalFiles(folder), journal: readFileSync(join(folder, 'journal.jsonl'), 'utf8') };
  })();
  return reference;
}

/** Its files. */
export const uninterrupted = async () => (await uninterruptedRun()).files;

/** A folder where that run is done. */
export async function finishedFolder(): Promise<string> {
  const { files, journal } = await uninterruptedRun();
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries({ ...files, 'journal.jsonl': journal }))
    writeFileSync(join(folder, name), content);
  return folder;
}
