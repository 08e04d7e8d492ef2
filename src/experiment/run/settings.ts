/**
 * What decides a run's numbers, kept as run.json beside them. A folder holds the results of one such set of
 * settings: a run goes on in it only where they agree.
 */
import { z } from 'zod';
import { UserError } from '../../errors.js';
import { UNRELATED_RULES } from './unrelated.js';

const leaf = z.union([z.string(), z.number(), z.null(), z.array(z.string())]);
const group = z.record(z.string(), leaf);

/** One device of a run. */
const devicePlanSchema = z.object({
  device: z.string(),
  name: z.string(),
  engine: z.string(),
  version: z.string(),
  workers: z.int(),
  /** Of each worker. */
  threads: z.int(),
  /** What the values of one batch may take, in bytes. */
  batch_bytes: z.number(),
  /** The batch is smaller than was planned, since the device's memory was full. */
  memory_was_full: z.boolean(),
});

export type RecordedPlan = z.infer<typeof devicePlanSchema>;

export const settingsSchema = z.object({
  /** Of this file. */
  format: z.literal(1),
  /** Commands that give these results again, without what does not decide them (workers, progress). */
  commands: z.array(z.string()),
  model: group,
  /** How many the model has; absent where an earlier version made the folder. */
  layers: z.int().positive().optional(),
  data: group,
  versions: group,
  /** How facts are asked, and where neurons are. */
  protocol: group.optional(),
  /** What the results were computed on, in any session: it decides no more than the rounding of float32. */
  plans: z.array(devicePlanSchema).default([]),
  /** How neurons were found, or where they came from. */
  neurons: group,
  /** How unrelated facts were drawn; absent until an intervention was measured. */
  unrelated: z.object({ rule: z.enum(UNRELATED_RULES), seed: z.int() }).optional(),
  /** Absent until enhancing was measured. */
  enhancement: group.optional(),
  /** How facts were updated, and relations erased; absent until that was done. */
  update: group.optional(),
  erasure: group.optional(),
});

export type Settings = z.infer<typeof settingsSchema>;

const GROUPS = [
  'model',
  'data',
  'versions',
  'protocol',
  'neurons',
  'unrelated',
  'enhancement',
  'update',
  'erasure',
] as const;

/** The first setting that differs, as "neurons.share: 0.3 there, 0.5 now"; undefined where all agree. */
export function firstDifference(there: Settings, now: Settings): string | undefined {
  for (const name of GROUPS) {
    if (!there[name] || !now[name]) continue;
    const old: Record<string, unknown> = there[name];
    const current: Record<string, unknown> = now[name];
    for (const key of new Set([...Object.keys(old), ...Object.keys(current)])) {
      const [a, b] = [JSON.stringify(old[key]), JSON.stringify(current[key])];
      if (a !== b) return `${name}.${key}: ${a ?? 'not set'} there, ${b ?? 'not set'} now`;
    }
  }
  return undefined;
}

/**
 * The settings of a folder after one more command.
 * @throws UserError, naming the setting, where they do not agree
 */
export function joinSettings(there: Settings | undefined, now: Settings, folder: string): Settings {
  if (!there) return now;
  const difference = firstDifference(there, now);
  if (difference) {
    throw new UserError(
      `${folder}: its results were made with other settings: ${difference}`,
      'Name another folder with --results, or begin this one again with --fresh (its old results are kept in old-<n>).',
    );
  }
  return {
    ...there,
    ...now,
    commands: distinct([...there.commands, ...now.commands]),
    plans: distinct([...there.plans, ...now.plans]),
  };
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Map(values.map(value => [JSON.stringify(value), value])).values()];
}
