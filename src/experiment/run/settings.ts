/**
 * What decides a run's numbers, kept as run.json beside them. A folder holds the results of one such set of
 * settings: a run goes on in it only where they agree.
 */
import { z } from 'zod';
import { UserError } from '../../errors.js';
import { MOST_LAYERS } from '../../model/most-layers.js';

const leaf = z.union([z.string(), z.number(), z.null(), z.array(z.string())]);
const group = z.record(z.string(), leaf);

/** Settings of one kind, by name. */
export type SettingsGroup = z.infer<typeof group>;

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

export const settingsSchema = z
  .looseObject({
    /** Of this file. */
    format: z.literal(1),
    /** Commands that give these results again, without what does not decide them (workers, progress). */
    commands: z.array(z.string()),
    /** The requests that they stand for, less where and how (./request.ts); none where an earlier version made the folder. */
    requests: z.array(z.looseObject({})).optional(),
    model: group,
    /** How many the model has; absent where an earlier version made the folder. */
    layers: z.int().positive().max(MOST_LAYERS).optional(),
    /** Whether neurons are found as in the paper (./paper.ts); absent where an earlier version made the folder. */
    as_in_paper: z.boolean().optional(),
    data: group,
    versions: group,
    /** How facts are asked, and where neurons are. */
    protocol: group.optional(),
    /** What the results were computed on, in any session: it decides no more than the rounding of float32. */
    plans: z.array(devicePlanSchema).default([]),
    /** How neurons were found, or where they came from. */
    neurons: group,
    // Any further group is an experiment's own, and absent until that was measured.
  })
  .refine(settings => groupNames(settings).every(name => group.safeParse(settings[name]).success));

export type Settings = z.infer<typeof settingsSchema>;

const NO_GROUPS = new Set(['format', 'commands', 'requests', 'layers', 'as_in_paper', 'plans']);

function groupNames(settings: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(settings).filter(name => !NO_GROUPS.has(name));
}

/** The first setting that differs, as "neurons.share: 0.3 there, 0.5 now"; undefined where all agree. */
export function firstDifference(there: Settings, now: Settings): string | undefined {
  for (const name of groupNames(there)) {
    const [before, after] = [group.safeParse(there[name]), group.safeParse(now[name])];
    if (!before.success || !after.success) continue;
    const [old, current] = [before.data, after.data];
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
  const difference = firstDifference(withPath(there), now);
  if (difference) {
    throw new UserError(
      `${folder}: its results were made with other settings: ${difference}`,
      'Name another folder with --results, or begin this one again with --fresh (its old results are kept in old-<n>).',
    );
  }
  const requests = distinct([...(there.requests ?? []), ...(now.requests ?? [])]);
  return {
    ...there,
    ...now,
    commands: distinct([...there.commands, ...now.commands]),
    ...(requests.length > 0 && { requests }),
    plans: distinct([...there.plans, ...now.plans]),
  };
}

/** Where an earlier version found neurons, every step was computed. */
function withPath(there: Settings): Settings {
  const { rule, path } = there.neurons;
  return rule === undefined || path !== undefined
    ? there
    : { ...there, neurons: { ...there.neurons, path: 'exact' } };
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Map(values.map(value => [JSON.stringify(value), value])).values()];
}
