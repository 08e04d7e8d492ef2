/** How downloads of models and data sets are shown. */
import type { DataSource } from '../dataset/source.js';
import type { DownloadReporter } from '../model/checkpoint/hub.js';
import type { Progress } from '../progress.js';

/** Shows how a model's download goes. */
export function fetchProgress(progress: Progress, signal?: AbortSignal): DownloadReporter {
  return {
    progress: (file, received, total) => {
      // Most of a model's files are small.
      const [unit, text] = total < 1e6 ? [1e3, 'kB'] : [1e6, 'MB'];
      const inUnit = (bytes: number) => Number((bytes / unit).toFixed(1));
      progress.show(`fetching ${file}`, { done: inUnit(received), total: inUnit(total), text });
    },
    notice: progress.notice,
    ...(signal && { signal }),
  };
}

/** Fetches what of a data set is not here. */
export async function fetchData(source: DataSource, progress: Progress, signal?: AbortSignal): Promise<void> {
  await source.fetch({
    progress: (done, total) => progress.show(`fetching ${source.title}`, { done, total, text: 'files' }),
    notice: progress.notice,
    ...(signal && { signal }),
  });
  progress.stop();
}
