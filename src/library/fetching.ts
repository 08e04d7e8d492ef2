/** How downloads of models and data sets are shown. */
import type { DataSource } from '../dataset/source.js';
import type { DownloadReporter } from '../model/checkpoint/hub.js';
import type { Progress } from '../progress.js';

const MEGABYTE = 1e6;

/** Shows how a model's download goes. */
export function fetchProgress(progress: Progress, signal?: AbortSignal): DownloadReporter {
  const megabytes = (bytes: number) => Number((bytes / MEGABYTE).toFixed(1));
  return {
    progress: (file, received, total) =>
      progress.show(`fetching ${file}`, {
        done: megabytes(received),
        total: megabytes(total),
        text: 'MB',
      }),
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
