/** What the options of a data-set run mean: its stages, its settings, and the command that gives it again. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Dataset } from '../dataset/dataset.js';
import type { RecordedPlan, Settings } from '../experiment/settings.js';
import { areGiven, type GivenNeurons, type Stages } from '../experiment/stages.js';
import { fileExists } from '../files.js';
import { hashFiles, weightFiles } from '../model/checkpoint.js';
import type { ModelShape } from '../model/language-model.js';
import { TOKENIZER_FILES } from '../model/load-tokenizer.js';
import type { LocatedModel } from '../model/locate.js';
import { checkNeurons, parseNeurons, readNeuronFiles } from '../neurons/neuron-file.js';
import type { DevicePlan } from '../runtime/fleet.js';
import { findOptions, SHARE_OVER_DATA } from './find-options.js';
import type {
  AskingOptions,
  AttributionOptions,
  DataOptions,
  ModelOptions,
  UnrelatedOptions,
} from './options.js';
import { VERSION } from './version.js';

export interface DataRunOptions
  extends ModelOptions,
    AskingOptions,
    AttributionOptions,
    DataOptions,
    Partial<UnrelatedOptions> {
  readonly neurons?: string;
}

/** The interventions that a command measures. */
export interface AskedInterventions {
  readonly suppress: boolean;
  readonly enhance: number | null;
}

export async function stagesOf(
  options: DataRunOptions,
  { suppress, enhance }: AskedInterventions,
  config: ModelShape,
): Promise<Stages> {
  const { unrelated, seed, site, continuation, maxAnswerTokens } = options;
  const intervenes = (suppress || enhance !== null) && unrelated !== undefined && seed !== undefined;
  return {
    site,
    continuation,
    maxAnswerTokens: maxAnswerTokens ?? Number.POSITIVE_INFINITY,
    neurons:
      options.neurons === undefined
        ? findOptions(options, SHARE_OVER_DATA)
        : await givenNeurons(options.neurons, config),
    suppress,
    enhance,
    unrelated: intervenes ? { rule: unrelated, seed } : null,
  };
}

/** `--neurons` over a data set: a list for all facts, a neuron file, or a folder of them. */
async function givenNeurons(option: string, config: ModelShape): Promise<GivenNeurons> {
  const forAll = parseNeurons(option);
  const byFact = forAll ? new Map() : await readNeuronFiles(option);
  for (const neurons of forAll ? [forAll] : byFact.values()) checkNeurons(neurons, config);
  const content = JSON.stringify(forAll ?? [...byFact].sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    of: uuid => forAll ?? byFact.get(uuid),
    sha256: createHash('sha256').update(content).digest('hex'),
  };
}

/** What an experiment adds to run.json. */
export interface RecordedExperiment {
  readonly settings: Partial<Pick<Settings, 'update' | 'erasure'>>;
  /** Of the command line: its own options that decide numbers. */
  readonly words: readonly string[];
}

export interface DescribedRun {
  readonly command: string;
  readonly recorded: RecordedExperiment;
  readonly options: DataRunOptions;
  readonly model: LocatedModel;
  readonly data: { readonly name: string; readonly dataset: Dataset };
  readonly stages: Stages;
  readonly plans: readonly DevicePlan[];
}

export async function settingsOf(run: DescribedRun): Promise<Settings> {
  const { model, data, stages, plans, options } = run;
  return {
    format: 1,
    commands: [commandLine(run)],
    model: {
      name: model.name,
      revision: model.revision,
      weights_sha256: await hashFiles(model.folder, await weightFiles(model.folder)),
      config_sha256: await hashFiles(
        model.folder,
        await presentFiles(model.folder, ['config.json', ...TOKENIZER_FILES]),
      ),
    },
    data: {
      sha256: data.dataset.sha256,
      relations: [...data.dataset.relations],
      limit: options.limit ?? null,
      facts: options.facts ? [...options.facts] : null,
    },
    versions: { kn: VERSION },
    protocol: {
      site: stages.site,
      continuation: stages.continuation,
      max_answer_tokens: options.maxAnswerTokens ?? null,
    },
    plans: plans.map(recordedPlan),
    neurons: neuronSettings(stages),
    ...(stages.unrelated && { unrelated: stages.unrelated }),
    ...(stages.enhance !== null && { enhancement: { factor: stages.enhance } }),
    ...run.recorded.settings,
  };
}

/** A device's plan as run.json has it. */
export function recordedPlan({
  device,
  engine,
  workers,
  threads,
  batchBytes,
  memoryWasFull,
}: DevicePlan): RecordedPlan {
  return {
    device: device.id,
    name: device.name,
    engine: engine.name,
    version: engine.version,
    workers,
    threads,
    batch_bytes: batchBytes,
    memory_was_full: memoryWasFull,
  };
}

function neuronSettings({ neurons }: Stages): Settings['neurons'] {
  if (areGiven(neurons)) return { given_sha256: neurons.sha256 };
  const { rule, steps, threshold, share } = neurons;
  return {
    method: 'integrated_gradients',
    rule,
    steps,
    threshold: threshold.kind,
    threshold_value: threshold.value,
    share,
  };
}

async function presentFiles(folder: string, names: readonly string[]): Promise<string[]> {
  const present: string[] = [];
  for (const name of names) if (await fileExists(join(folder, name))) present.push(name);
  return present;
}

const THRESHOLD_FLAGS = {
  adaptive: '--adaptive-threshold',
  absolute: '--threshold',
  percentile: '--percentile',
};

/** The command with every option that decides numbers written out, and no other. */
function commandLine({ command, recorded, options, data, stages }: DescribedRun): string {
  const { neurons, unrelated, enhance } = stages;
  const words = ['kn', ...command.split(' '), '--model', options.model];
  if (options.revision !== 'main') words.push('--revision', options.revision);
  words.push('--data', data.name);
  if (options.relations) words.push('--relations', options.relations.join());
  if (options.limit !== undefined) words.push('--limit', String(options.limit));
  if (options.facts) words.push('--facts', options.facts.join());
  if (options.maxAnswerTokens !== undefined)
    words.push('--max-answer-tokens', String(options.maxAnswerTokens));
  words.push('--site', stages.site, '--continuation', stages.continuation);
  if (areGiven(neurons)) {
    words.push('--neurons', options.neurons ?? '');
  } else {
    const { rule, steps, threshold, share } = neurons;
    words.push('--rule', rule, '--steps', String(steps));
    words.push(THRESHOLD_FLAGS[threshold.kind], String(threshold.value), '--share', String(share));
  }
  if (enhance !== null) words.push('--factor', String(enhance));
  if (unrelated) words.push('--unrelated', unrelated.rule, '--seed', String(unrelated.seed));
  words.push(...recorded.words);
  return words.map(quoted).join(' ');
}

function quoted(word: string): string {
  return /^[\w./:,=@+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
