/** The experiments that there are: a line here, and a folder beside, is all that another one needs (docs/adding-an-experiment.md). */
import { UsageError } from '../errors.js';
import { erasure } from './erasure/experiment.js';
import type { ErasureRequestInput } from './erasure/request.js';
import type { ErasureSummary } from './erasure/summary.js';
import { facts } from './facts/experiment.js';
import type { FactsRequestInput } from './facts/request.js';
import type { Summary } from './facts/summary.js';
import type { Experiment, Finished } from './run/experiment.js';
import type { RunRequest } from './run/request.js';
import type { TaskKind } from './run/task.js';
import { update } from './update/experiment.js';
import type { UpdateRequestInput } from './update/request.js';
import type { UpdateSummary } from './update/summary.js';

export const EXPERIMENTS = { facts, update, erasure };

/** What workers do, of all experiments: most begin with the facts' own. */
export const TASKS: readonly TaskKind<never>[] = Object.values(EXPERIMENTS).flatMap(({ tasks }) => tasks);

export type ExperimentName = keyof typeof EXPERIMENTS;

/** What came out of a run: `experiment` says of which, and so what its summary is. */
export type AnyFinished =
  | Finished<'facts', Summary>
  | Finished<'update', UpdateSummary>
  | Finished<'erasure', ErasureSummary>;

/** A request as somebody may write it: what is left out has a default. */
export type RequestInput = FactsRequestInput | UpdateRequestInput | ErasureRequestInput;

/** A request with every default filled in, and all checked that needs no file. */
export type Request = RunRequest & { readonly experiment: ExperimentName };

/** @throws UsageError where it is none, or what it asks for does not go together; a complete one comes back as it is */
export function completeRequest(asked: RequestInput): Request {
  // Whoever writes a request in a file may write anything.
  const name: unknown = Object(asked).experiment;
  const known = Object.values(EXPERIMENTS).find(experiment => experiment.name === name);
  if (known) return known.complete(asked);
  throw new UsageError(
    name === undefined
      ? 'the request names no experiment'
      : `the request's experiment: ${typeof name === 'string' ? `there is no "${name}"` : 'not a name'}`,
    `There are: ${Object.keys(EXPERIMENTS).join(', ')}.`,
  );
}

export function experimentOf({ experiment }: Request): Experiment<AnyFinished> {
  return EXPERIMENTS[experiment];
}
