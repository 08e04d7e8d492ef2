/**
 * What a run over a data set is asked, whatever it measures: one plain value, made once, by the command line or by another
 * caller, with every default filled in. A run reads nothing else. `run.json` keeps it.
 */
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { METHODS } from '../../attribution/methods.js';
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
import { PROTOCOL_DEFAULTS, PROTOCOLS, type Protocol } from './protocols.js';

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
  readonly asking: { readonly site: Site; readonly continuation: Continuation };
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
const names = z.array(text).min(1).readonly();
const whole = ([least, most]: readonly [number, number]) => z.int().min(least).max(most);
const between = ([least, most]: readonly [number, number]) => z.number().min(least).max(most);

const thresholdSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('adaptive'), value: between(RANGES.adaptiveThreshold) }),
  z.strictObject({ kind: z.literal('absolute'), value: between(RANGES.threshold) }),
  z.strictObject({ kind: z.literal('percentile'), value: between(RANGES.percentile) }),
]);

const findingSchema = z.strictObject({
  method: z.enum(METHODS).optional(),
  rule: z.enum(RULES).optional(),
  steps: whole(RANGES.steps).optional(),
  threshold: thresholdSchema.optional(),
  share: z.number().min(RANGES.share[0]).lt(RANGES.share[1]).optional(),
});

const index = z.int().nonnegative();

const givenSchema = z.strictObject({
  given: z.union([
    text,
    z
      .array(z.tuple([index, index]).readonly())
      .readonly()
      .refine(list => new Set(list.map(String)).size === list.length, 'a neuron stands there twice'),
  ]),
});

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
      site: z.enum(SITES).default(DEFAULTS.site),
      continuation: z.enum(CONTINUATIONS).default(DEFAULTS.continuation),
    })
    .prefault({}),
  protocol: z.enum(PROTOCOLS).default(DEFAULTS.protocol),
  neurons: z.union([givenSchema, findingSchema]).prefault({}),
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
        .refine(words => parseDevices(words.join()), 'Expected all, cpu, cuda:0 or webgpu:0')
        .nullable()
        .default(null),
      workers: whole(RANGES.workers).nullable().default(null),
      threads: whole(RANGES.threads).nullable().default(null),
      batchMemory: between(RANGES.batchMemory).nullable().default(null),
    })
    .prefault({}),
  results: z.strictObject({ folder: text.optional(), fresh: z.boolean().default(false) }).prefault({}),
  output: z.strictObject({ reports: z.array(z.enum(REPORTS)).readonly().default(REPORTS) }).prefault({}),
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
  if ('given' in neurons) {
    if (controls.negatives !== null)
      throw new UsageError(
        '--negatives is for neurons that are found, and --neurons gives them',
        'Leave out one of them.',
      );
    if (PROTOCOL_DEFAULTS[protocol].baseline)
      throw new UsageError(
        `--neurons: --protocol ${protocol} finds its neurons itself, and baseline neurons to compare them with`,
        'Leave out one of them.',
      );
    if (typeof neurons.given === 'string') parseNeurons(neurons.given);
  }
  return {
    ...own,
    ...{ model, asking, protocol, controls, devices, output },
    data: { ...data, name: data.name ?? usualData(model.id) },
    neurons: 'given' in neurons ? neurons : completeFinding(neurons, protocol, 'data'),
    results: { ...results, folder: results.folder ?? join('results', `${modelName(model.id)}${suffix}`) },
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
