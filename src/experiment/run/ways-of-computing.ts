/**
 * How a run's numbers were computed, as far as that decides the rounding of float32. A run may go on on another machine or
 * engine, and full memory makes batches smaller; then a fact's last digits depend on the session that did it.
 */
import { megabytes } from '../../runtime/batch-memory.js';
import type { RecordedPlan } from './settings.js';

export interface WayOfComputing {
  /** The processor's or GPU's name. */
  readonly device: string;
  readonly engine: string;
  readonly version: string;
  /** What the values of a batch may take. */
  readonly batchBytes: number;
}

/** Without those that differ in workers or threads alone, which change no number. */
export function waysOfComputing(plans: readonly RecordedPlan[]): WayOfComputing[] {
  const ways = plans.map(({ name, engine, version, batch_bytes }) => ({
    ...{ device: name, engine, version },
    batchBytes: batch_bytes,
  }));
  return [...new Map(ways.map(way => [JSON.stringify(way), way])).values()];
}

/** @param file of the summary, which lists them too */
export function waysText(ways: readonly WayOfComputing[], file: string): string[] {
  return [
    `Computed in ${ways.length} ways, each of which rounds float32 otherwise: another run's last digits may differ (computedOn in ${file})`,
    ...ways.map(
      ({ device, engine, version, batchBytes }) =>
        `  ${engine} engine (${version}) on ${device}, batches of ${megabytes(batchBytes)}`,
    ),
  ];
}
