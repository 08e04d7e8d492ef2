/** What the options of a data-set run mean: its stages, its settings, and the command that gives it again. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { AskedMethod } from '../../attribution/methods.js';
import type { Dataset } from '../../dataset/dataset.js';
import { UsageError } from '../../errors.js';
import { areGiven, areTuned, type GivenNeurons, type Stages } from '../../experiment/facts/stages.js';
import type { RecordedPlan, Settings } from '../../experiment/run/settings.js';
import { fileExists } from '../../files.js';
import { hashFiles, weightFiles } from '../../model/checkpoint/checkpoint.js';
import type { LocatedModel } from '../../model/checkpoint/locate.js';
import type { ModelShape } from '../../model/language-model.js';
import { TOKENIZER_FILES } from '../../model/tokenizer/load-tokenizer.js';
import type { FindOptions } from '../../neurons/find.js';
import { checkNeurons, parseNeurons, readNeuronFiles } from '../../neurons/neuron-file.js';
import { TUNING } from '../../neurons/tune-share.js';
import type { DevicePlan } from '../../runtime/fleet.js';
import { VERSION } from '../../version.js';
import type { DataRunOptions } from './data-run-options.js';
import { findOptionsOverData } from './find-options.js';

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
  const { unrelated, seed, site, continuation, maxAnswerTokens, negatives } = options;
  if (negatives !== undefined && options.neurons !== undefined)
    throw new UsageError(
      '--negatives is for neurons that are found, and --neurons gives them',
      'Leave out one of them.',
    );
  const finding = findOptionsOverData(options);
  if (options.neurons !== undefined && areTuned(finding)) {
    throw new UsageError(
      '--neurons: --protocol dai finds its neurons itself, and baseline neurons to compare them with',
      'Leave out one of them.',
    );
  }
  const intervenes = (suppress || enhance !== null) && unrelated !== undefined && seed !== undefined;
  return {
    site,
    continuation,
    maxAnswerTokens: maxAnswerTokens ?? Number.POSITIVE_INFINITY,
    neurons: options.neurons === undefined ? finding : await givenNeurons(options.neurons, config),
    negatives: negatives === undefined || seed === undefined ? null : { count: negatives, seed },
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
  readonly config: ModelShape;
  readonly data: { readonly name: string; readonly dataset: Dataset };
  readonly stages: Stages;
  readonly plans: readonly DevicePlan[];
}

export async function settingsOf(run: DescribedRun): Promise<Settings> {
  const { model, config, data, stages, plans, options } = run;
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
    layers: config.layers,
    data: {
      sha256: data.dataset.sha256,
      relations: [...data.dataset.relations],
      limit: options.limit ?? null,
      facts: options.facts ? [...options.facts] : null,
    },
    versions: { kn: VERSION },
    protocol: {
      name: options.protocol,
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

function neuronSettings({ neurons, negatives }: Stages): Settings['neurons'] {
  if (areGiven(neurons)) return { given_sha256: neurons.sha256 };
  const drawn = negatives && { negatives: negatives.count, negatives_seed: negatives.seed };
  if (!areTuned(neurons)) return { ...findSettings(neurons), ...drawn };
  const ofBaseline = Object.entries(findSettings(neurons.baseline));
  return {
    ...findSettings(neurons.knowledge),
    ...drawn,
    share_step: TUNING.step,
    share_tries: TUNING.tries,
    fewest_neurons_per_fact: TUNING.fewest,
    most_neurons_per_fact: TUNING.most,
    ...Object.fromEntries(ofBaseline.map(([name, value]) => [`baseline_${name}`, value])),
  };
}

function findSettings(options: FindOptions): Settings['neurons'] {
  const { threshold, share, inclusive, leastPrompts } = options;
  return {
    ...askedMethod(options),
    threshold: threshold.kind,
    threshold_value: threshold.value,
    ...(threshold.inclusive && { threshold_comparison: 'at least' }),
    share,
    ...(inclusive && { share_comparison: 'at least' }),
    ...(leastPrompts !== undefined && { least_prompts: leastPrompts }),
  };
}

/** What of the options says how a neuron is scored. */
function askedMethod(options: AskedMethod) {
  if ('rule' in options) {
    const { method = 'integrated_gradients', rule, steps } = options;
    return { method, rule, steps };
  }
  return { method: options.method };
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
  const { neurons, negatives, unrelated, enhance } = stages;
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
    const knowledge = areTuned(neurons) ? neurons.knowledge : neurons;
    const { threshold, share } = knowledge;
    words.push('--protocol', options.protocol);
    for (const [name, value] of Object.entries(askedMethod(knowledge)))
      words.push(`--${name}`, String(value));
    words.push(THRESHOLD_FLAGS[threshold.kind], String(threshold.value), '--share', String(share));
  }
  if (enhance !== null) words.push('--factor', String(enhance));
  if (negatives) words.push('--negatives', String(negatives.count));
  if (unrelated) words.push('--unrelated', unrelated.rule);
  const drawn = unrelated ?? negatives;
  // An experiment of its own draws with the same seed, and says so itself.
  if (drawn && !recorded.words.includes('--seed')) words.push('--seed', String(drawn.seed));
  words.push(...recorded.words);
  return words.map(quoted).join(' ');
}

function quoted(word: string): string {
  return /^[\w./:,=@+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
