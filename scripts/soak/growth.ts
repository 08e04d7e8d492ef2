import { mean } from '../../src/mean.js';
import { residentBytes, type Sample } from './sample.js';

/** What comes before is the worker's beginning: weights, the first batches of each length, compiled code. */
const WARM_UP = 0.25;

/**
 * A worker that grows by less over the rest of the time is taken for one that does not: JavaScript's heap alone sways by 40 MB
 * of 1,450, as its garbage collector sees fit.
 */
const MOST_GROWTH = 0.05;

export interface Growth {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  /** Resident bytes at both, on the straight line that fits the samples between best. */
  readonly from: number;
  readonly to: number;
  readonly isLeak: boolean;
}

/**
 * What a worker's memory did after its beginning.
 * @param samples in order of time, two of them or more after the warm-up
 */
export function growth(samples: readonly Sample[]): Growth {
  const end = samples.at(-1)?.seconds ?? 0;
  const warm = samples.filter(({ seconds }) => seconds >= WARM_UP * end);
  const [meanTime, meanBytes] = [mean(warm.map(({ seconds }) => seconds)), mean(warm.map(residentBytes))];
  const covariance = mean(warm.map(one => (one.seconds - meanTime) * (residentBytes(one) - meanBytes)));
  const slope = covariance / mean(warm.map(({ seconds }) => (seconds - meanTime) ** 2));
  const at = (seconds: number) => meanBytes + slope * (seconds - meanTime);
  const fromSeconds = warm[0].seconds;
  const [from, to] = [at(fromSeconds), at(end)];
  return { fromSeconds, toSeconds: end, from, to, isLeak: to > (1 + MOST_GROWTH) * from };
}

export function growthText({ fromSeconds, toSeconds, from, to, isLeak }: Growth): string {
  const minute = (seconds: number) => Math.round(seconds / 60);
  const percent = ((100 * (to - from)) / from).toFixed(1);
  return (
    `From minute ${minute(fromSeconds)} to ${minute(toSeconds)} it went from ${megabytes(from)} to ${megabytes(to)} MB (${percent}%): ` +
    (isLeak ? 'it grows.' : `it does not grow (the limit is ${100 * MOST_GROWTH}%).`)
  );
}

export const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
