/**
 * What a run over a data set is asked, whatever it measures: one plain value, made once, by the command line or by another
 * caller, with every default filled in. A run reads nothing else. `run.json` keeps it.
 */
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { METHODS, PATHS } from '../../attribution/methods.js';
import { RULES } from '../../attribution/rules.js';
import { UsageError } from '../../errors.js';
import { DEMO } from '../../model/checkpoint/locate.js';
import { CONTINUATIONS, type Continuation } from '../../model/continuation-names.js';
import { SITES, type Site } from '../../model/language-model.js';
import type { Neuron } from '../../neurons/neuron.js';
import { parseNeurons } from '../../neurons/neuron-file.js';
import { parseDevices } from '../../runtime/devices/device.js';
import { ENGINE_CHOICES, type EngineChoice } from '../../runtime/engine-names.js';
import { DEFAULTS, RANGES } from './defaults.js';
import { completeFinding, type Finding } from './finding.js';
import { PROTOCOLS, type Protocol } from './protocols.js';

/** What a run leaves in its folder beside its results: src/report has a file for each. */
export const REPORTS = ['csv', 'figures', 'json'] as const;
export type ReportName = (typeof REPORTS)[number];

export interface RunRequest {
  readonly model: {
    /** A folder in the Hugging Face layout, a hub id, or `demo`. */
    readonly id: string;
    /** The hub's branch, tag or commit. */
    readonly revision: string;
  };
  readonly data: {
    /** A folder, `pararel` or `demo`. */
    readonly name: string;
    /** Null: all. */
    readonly relations: readonly string[] | null;
    /** So many facts a relation, in file order. */
    readonly limit: number | null;
    /** Uuids. */
    readonly facts: readonly string[] | null;
    /** Facts whose object is more tokens are left out. */
    readonly maxAnswerTokens: number | null;
  };
  /** A site of null is the protocol's, which depends on the model: preparing the run decides it. */
  readonly asking: { readonly site: Site | null; readonly continuation: Continuation };
  readonly protocol: Protocol;
  readonly neurons: GivenInRequest | Finding;
  readonly controls: {
    /** Of each fact: neurons that are coarse in one are left out. */
    readonly negatives: number | null;
    /** Of all draws. */
    readonly seed: number;
  };
  readonly devices: {
    readonly engine: EngineChoice;
    /** Null: the best that the machine has. */
    readonly devices: readonly string[] | null;
    /** On each device; null: as many as keep it busy. */
    readonly workers: number | null;
    readonly threads: number | null;
    /** In megabytes; null: what suits the device. */
    readonly batchMemory: number | null;
  };
  readonly results: {
    readonly folder: string;
    /** What is there moves aside first. */
    readonly fresh: boolean;
  };
  readonly output: { readonly reports: readonly ReportName[] };
}

/** A list for all facts, a neuron file, or a folder of them. */
export interface GivenInRequest {
  readonly given: string | readonly Neuron[];
}

const text = z.string().min(1);
/** Each once. */
const once = <T>(list: readonly T[]): readonly T[] => [...new Set(list)];
const names = z.array(text).min(1).transform(once).readonly();

/** A number within a range of defaults.ts. */
export const whole = ([least, most]: readonly [number, number]) => z.int().min(least).max(most);
export const between = ([least, most]: readonly [number, number]) => z.number().min(least).max(most);

const thresholdSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('adaptive'), value: between(RANGES.adaptiveThreshold) }),
  z.strictObject({ kind: z.literal('absolute'), value: between(RANGES.threshold) }),
  z.strictObject({ kind: z.literal('percentile'), value: between(RANGES.percentile) }),
]);

const index = z.int().nonnegative();
const neuronList = z
  .array(z.tuple([index, index]).readonly())
  .readonly()
  .refine(list => new Set(list.map(String)).size === list.length, 'a neuron stands there twice');

/** How neurons are found, or which they are. */
const neuronsSchema = z
  .strictObject({
    given: z.union([text, neuronList], 'Expected a path, or [[layer, index], ...]').optional(),
    method: z.enum(METHODS).optional(),
    rule: z.enum(RULES).optional(),
    steps: whole(RANGES.steps).optional(),
    path: z.enum(PATHS).optional(),
    threshold: thresholdSchema.optional(),
    share: z.number().min(RANGES.share[0]).lt(RANGES.share[1]).optional(),
  })
  .refine(
    ({ given, ...finding }) =>
      given === undefined || Object.values(finding).every(value => value === undefined),
    'given neurons are not found: leave out how',
  );

/** The parts of every request, as somebody may write them: what is left out has a default. */
export const runShape = {
  model: z
    .strictObject({ id: text.default(DEFAULTS.model), revision: text.default(DEFAULTS.revision) })
    .prefault({}),
  data: z
    .strictObject({
      name: text.optional(),
      relations: names.nullable().default(null),
      limit: whole(RANGES.limit).nullable().default(null),
      facts: names.nullable().default(null),
      maxAnswerTokens: whole(RANGES.maxAnswerTokens).nullable().default(null),
    })
    .prefault({}),
  asking: z
    .strictObject({
      site: z.enum(SITES).nullable().default(null),
      continuation: z.enum(CONTINUATIONS).default(DEFAULTS.continuation),
    })
    .prefault({}),
  protocol: z.enum(PROTOCOLS).default(DEFAULTS.protocol),
  neurons: neuronsSchema.prefault({}),
  controls: z
    .strictObject({
      negatives: whole(RANGES.negatives).nullable().default(null),
      seed: whole(RANGES.seed).default(DEFAULTS.seed),
    })
    .prefault({}),
  devices: z
    .strictObject({
      engine: z.enum(ENGINE_CHOICES).default(DEFAULTS.engine),
      devices: names
        .refine(words => parseDevices(words.join())?.join() === words.join(), {
          error: 'Expected all, cpu, cuda:0 or webgpu:0',
        })
        .nullable()
        .default(null),
      workers: whole(RANGES.workers).nullable().default(null),
      threads: whole(RANGES.threads).nullable().default(null),
      batchMemory: between(RANGES.batchMemory).nullable().default(null),
    })
    .prefault({}),
  results: z.strictObject({ folder: text.optional(), fresh: z.boolean().default(false) }).prefault({}),
  output: z
    .strictObject({ reports: z.array(z.enum(REPORTS)).transform(once).readonly().default(REPORTS) })
    .prefault({}),
};

export type AskedRun = z.output<z.ZodObject<typeof runShape>>;

/**
 * Fills in what depends on other parts of the request, and refuses what does not go together.
 * @param suffix of the name of the experiment's own results folder, after the model's
 * @throws UsageError
 */
export function completeRun<Asked extends AskedRun>(
  asked: Asked,
  suffix: string,
): Omit<Asked, keyof AskedRun> & RunRequest {
  const { model, data, asking, protocol, neurons, controls, devices, results, output, ...own } = asked;
  const { given, ...finding } = neurons;
  if (given !== undefined) {
    if (controls.negatives !== null)
      throw new UsageError(
        '--negatives is for neurons that are found, and --neurons gives them',
        'Leave out one of them.',
      );
    if (typeof given === 'string') parseNeurons(given);
  }
  const { relations, limit, facts, maxAnswerTokens } = data;
  // In one order, whatever was left out, so that run.json knows a request again.
  return {
    ...own,
    model,
    data: { name: data.name ?? usualData(model.id), relations, limit, facts, maxAnswerTokens },
    asking,
    protocol,
    neurons: given === undefined ? completeFinding(finding, protocol, 'data') : { given },
    controls,
    devices,
    results: {
      folder: results.folder ?? join('results', `${modelName(model.id)}${suffix}`),
      fresh: results.fresh,
    },
    output,
  };
}

/** The data set that goes with a model where none is named. */
export function usualData(model: string): string {
  return model === DEMO ? 'demo' : 'pararel';
}

/** Short, for file names: "bert-base-uncased" for "google-bert/bert-base-uncased" and for "./bert-base-uncased/". */
function modelName(id: string): string {
  return id === DEMO ? DEMO : basename(resolve(id));
}

/** A request without where and how it is computed, which decide no number: what run.json keeps. */
export function decisive<Request extends RunRequest>({
  devices: _,
  results: __,
  output: ___,
  ...rest
}: Request): Omit<Request, 'devices' | 'results' | 'output'> {
  return rest;
}
