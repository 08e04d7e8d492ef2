import { z } from 'zod';
import { ERASE_VALUES, type EraseValue } from '../../intervention/value-rules.js';
import { readRequest } from '../run/read-request.js';
import { completeRun, type RunRequest, runShape, whole } from '../run/request.js';
import { DEFAULTS, RANGES, SUFFIX, TIES, type Ties } from './defaults.js';

/** Which relations are erased, and on what that is measured. */
export interface AskedErasures {
  /** Of the selected relations; null: each in turn. */
  readonly erase: readonly string[] | null;
  /** So many neurons of a relation. */
  readonly top: number;
  readonly value: EraseValue;
  /** Facts that perplexity is measured on: of the relation itself, and of each other. */
  readonly ownFacts: number;
  readonly otherFacts: number;
}

/** Erasing relations' neurons, and measuring it: `kn evaluate erasure`. */
export interface ErasureRequest extends RunRequest {
  readonly experiment: 'erasure';
  readonly erasure: AskedErasures;
}

const schema = z.strictObject({
  experiment: z.literal('erasure'),
  ...runShape,
  erasure: z
    .strictObject({
      erase: z.array(z.string().min(1)).min(1).readonly().nullable().default(null),
      top: whole(RANGES.top).default(DEFAULTS.top),
      value: z.enum(ERASE_VALUES).default(DEFAULTS.value),
      ownFacts: whole(RANGES.ownFacts).default(DEFAULTS.ownFacts),
      otherFacts: whole(RANGES.otherFacts).default(DEFAULTS.otherFacts),
    })
    .prefault({}),
});

export type ErasureRequestInput = z.input<typeof schema>;

/** @throws UsageError where it is no request of this experiment, or what it asks for does not go together */
export function completeErasure(asked: unknown): ErasureRequest {
  return completeRun(readRequest(schema, asked), SUFFIX);
}

/** What decides the numbers of an erasure. */
export interface ErasureDesign extends Omit<AskedErasures, 'erase'> {
  readonly ties: Ties;
  readonly seed: number;
}

export function designOf({ erasure, controls, protocol }: ErasureRequest): ErasureDesign {
  const { erase: _, ...design } = erasure;
  return { ...design, ties: TIES[protocol], seed: controls.seed };
}
