import { DEMO_DATA } from '../../embedded.js';
import { DEMO, type LocatedModel, locateModel } from '../../model/checkpoint/locate.js';
import type { DataOptions, ModelOptions } from '../options/options.js';
import type { Progress } from '../output/progress.js';

const MEGABYTE = 1e6;

/** The model that the options name, fetched if need be. */
export function findModel({ model, revision }: ModelOptions, progress: Progress): Promise<LocatedModel> {
  return locateModel(model, revision, {
    progress: (file, received, total) =>
      progress.show(`fetching ${file}`, {
        done: Number((received / MEGABYTE).toFixed(1)),
        total: Number((total / MEGABYTE).toFixed(1)),
        text: 'MB',
      }),
    notice: progress.notice,
  });
}

/** The data set's name and folder, fetched if need be. */
export async function findData(
  { data }: DataOptions,
  { model }: ModelOptions,
  progress: Progress,
): Promise<{ name: string; folder: string }> {
  const name = data ?? (model === DEMO ? 'demo' : 'pararel');
  return { name, folder: await dataFolder(name, progress) };
}

/** The folder of a data set, of which `name` is what --data takes, fetched if need be. */
export async function dataFolder(name: string, progress: Progress): Promise<string> {
  if (name === 'demo') return DEMO_DATA;
  if (name !== 'pararel') return name;
  const { fetchPararel } = await import('../../dataset/pararel.js');
  const folder = await fetchPararel((done, total) =>
    progress.show('fetching PARAREL', { done, total, text: 'files' }),
  );
  progress.stop();
  return folder;
}
