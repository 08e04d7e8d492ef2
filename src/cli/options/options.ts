/** The options that subcommands share. Nothing heavy is loaded here: help needs this file. */
import { type Command, Option } from 'commander';
import { METHODS, type Method, PATHS, type Path } from '../../attribution/methods.js';
import { RULES, type Rule } from '../../attribution/rules.js';
import { RANGES as FACTS_RANGES, DEFAULTS as OF_FACTS } from '../../experiment/facts/defaults.js';
import { UNRELATED_RULES } from '../../experiment/facts/unrelated.js';
import { DEFAULTS, RANGES } from '../../experiment/run/defaults.js';
import { PROTOCOLS, type Protocol } from '../../experiment/run/protocols.js';
import { CONTINUATIONS, type Continuation } from '../../model/continuation-names.js';
import { SITES, type Site } from '../../model/language-model.js';
import { ENGINE_CHOICES, type EngineChoice } from '../../runtime/engine-names.js';
import { collect, devices, list, number, wholeNumber } from './option-values.js';

export interface ModelOptions {
  readonly model: string;
  readonly revision: string;
  readonly engine: EngineChoice;
  readonly devices?: readonly string[];
  /** In megabytes. */
  readonly batchMemory?: number;
}

export interface PromptOptions {
  readonly prompt?: readonly string[];
  readonly prompts?: string;
  readonly answer?: string;
  readonly negativePrompt?: readonly string[];
  readonly negativePrompts?: string;
}

export interface AskingOptions {
  readonly site?: Site;
  readonly continuation: Continuation;
}

export interface AttributionOptions {
  readonly protocol?: Protocol;
  readonly method?: Method;
  readonly rule?: Rule;
  readonly steps?: number;
  readonly path?: Path;
  readonly adaptiveThreshold?: number;
  readonly threshold?: number;
  readonly percentile?: number;
  readonly share?: number;
}

export interface DataOptions {
  readonly data?: string;
  readonly relations?: readonly string[];
  readonly limit?: number;
  readonly facts?: readonly string[];
  readonly maxAnswerTokens?: number;
  readonly negatives?: number;
}

export interface RunOptions {
  readonly results?: string;
  readonly workers?: number;
  readonly threads?: number;
  readonly fresh?: boolean;
  readonly dryRun?: boolean;
}

export interface OutputOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function addModelOptions(command: Command): Command {
  return command
    .optionsGroup('Model:')
    .option('-m, --model <model>', 'a folder in the Hugging Face layout, a hub id, or "demo"', DEFAULTS.model)
    .option('--revision <revision>', "the hub's branch, tag or commit", DEFAULTS.revision)
    .addOption(
      new Option('--engine <engine>', 'what computes').choices(ENGINE_CHOICES).default(DEFAULTS.engine),
    )
    .option(
      '--devices <devices>',
      'on what: "all", or cpu, cuda:0, webgpu:0 with commas between them (default: every GPU of the fastest kind, else cpu)',
      devices,
    )
    .option(
      '--batch-memory <MB>',
      "what a batch's values may take (default: what suits the device; full memory halves it)",
      number(...RANGES.batchMemory),
    );
}

export function addPromptOptions(
  command: Command,
  group = 'One fact (without these, the data set):',
): Command {
  return command
    .optionsGroup(group)
    .option(
      '-p, --prompt <text>',
      'a sentence with [MASK] for the answer, whatever the model calls its mask; for a GPT one that ends there; repeat it for more',
      collect,
    )
    .option('--prompts <file>', 'a file with a prompt a line ("-": standard input)')
    .option('-a, --answer <words>', 'what belongs there, of one token or several')
    .option(
      '--negative-prompt <text>',
      'a sentence where something else belongs: neurons that are coarse there too are left out; repeat it for more',
      collect,
    )
    .option('--negative-prompts <file>', 'a file of them, as --prompts');
}

export function addAskingOptions(command: Command): Command {
  return command
    .optionsGroup('Asking:')
    .addOption(
      new Option(
        '--site <site>',
        "where neurons are: after (post) or before (pre) the non-linearity (default: the protocol's: post, of GPT-2 and GPT-Neo by the replication's pre)",
      ).choices(SITES),
    )
    .addOption(
      new Option(
        '--continuation <which>',
        'what stands before a later token of an answer: the answer itself, or what the model puts there',
      )
        .choices(CONTINUATIONS)
        .default(DEFAULTS.continuation),
    );
}

export function addAttributionOptions(command: Command, shareDefault: string): Command {
  return command
    .optionsGroup('Finding neurons:')
    .addOption(
      new Option(
        '--protocol <name>',
        `whose experiment the defaults are, and its measures: the replication's, or Dai et al.'s own code's (docs/protocols.md) (default: ${DEFAULTS.protocol})`,
      ).choices(PROTOCOLS),
    )
    .addOption(
      new Option(
        '--method <method>',
        `what scores a neuron: the integral of the gradient, the gradient in one place, or the activation alone (default: ${DEFAULTS.method})`,
      ).choices(METHODS),
    )
    .addOption(
      new Option(
        '--rule <rule>',
        'quadrature of integrated gradients (default: riemann_endpoints; dai: riemann_left)',
      ).choices(RULES),
    )
    .option('--steps <n>', 'steps of the quadrature (default: 20)', wholeNumber(...RANGES.steps))
    .addOption(
      new Option(
        '--path <path>',
        `every step of the quadrature, or as few points as the neurons take to be the same (docs/quadrature.md) (default: ${DEFAULTS.path})`,
      ).choices(PATHS),
    )
    .addOption(
      new Option(
        '--adaptive-threshold <share>',
        "coarse: above this share of the prompt's highest score (default: 0.3; dai: this share is enough, 0.2)",
      )
        .argParser(number(...RANGES.adaptiveThreshold))
        .conflicts(['threshold', 'percentile']),
    )
    .addOption(
      new Option('--threshold <score>', 'coarse: above this score')
        .argParser(number(...RANGES.threshold))
        .conflicts('percentile'),
    )
    .addOption(
      new Option('--percentile <p>', "coarse: above this percentile of the prompt's scores").argParser(
        number(...RANGES.percentile),
      ),
    )
    .option(
      '--share <share>',
      `refined: coarse in more than this share of the prompts (default: ${shareDefault}; dai: 0.7 or more, tuned over a data set)`,
      number(...RANGES.share, 'below'),
    );
}

export function addNeuronsOption(command: Command): Command {
  return command.option(
    '--neurons <neurons>',
    "given neurons: '[[9,2041],[10,7]]', a neuron file, or a folder of them",
  );
}

export function addDataOptions(command: Command): Command {
  return command
    .optionsGroup('Data set:')
    .option(
      '-d, --data <data>',
      'a folder in PARAREL\'s layout, "pararel" or "demo" (default: "pararel"; "demo" with the demo model)',
    )
    .option('--relations <names>', 'these relations alone: P36,P37', list)
    .option('--limit <n>', 'so many facts a relation, in file order', wholeNumber(...RANGES.limit))
    .option('--facts <uuids>', 'these facts alone: uuid,uuid', list)
    .option(
      '--max-answer-tokens <n>',
      'leave out facts whose object is more tokens in any prompt (default: none is left out)',
      wholeNumber(...RANGES.maxAnswerTokens),
    )
    .option(
      '--negatives <n>',
      'leave out neurons that are coarse in any of n negative prompts: the patterns with other subjects of the relation',
      wholeNumber(...RANGES.negatives),
    );
}

export function addUnrelatedOptions(command: Command): Command {
  return addSeedOption(
    command.addOption(
      new Option(
        '--unrelated <rule>',
        `draw unrelated facts of another relation, or any other fact, as the replication does (default: ${OF_FACTS.unrelated})`,
      ).choices(UNRELATED_RULES),
    ),
  );
}

/** @param draws what is drawn with it */
export function addSeedOption(command: Command, draws = 'of all draws of facts'): Command {
  return command.option('--seed <n>', `${draws} (default: ${DEFAULTS.seed})`, wholeNumber(...RANGES.seed));
}

export function addFactorOption(command: Command): Command {
  return command.option(
    '--factor <x>',
    'enhancing multiplies activations by it',
    number(...FACTS_RANGES.factor),
    OF_FACTS.factor,
  );
}

/** @param suffix of the results folder's name, after the model's */
export function addRunOptions(command: Command, suffix = ''): Command {
  return command
    .optionsGroup('Run:')
    .option('-r, --results <folder>', `where results go (default: "results/<model>${suffix}")`)
    .option(
      '-w, --workers <n>',
      'worker processes on each device (default: as many as keep it busy and its memory holds)',
      wholeNumber(...RANGES.workers),
    )
    .option(
      '--threads <n>',
      'of each worker on the cpu, tensorflow engine (default: 1 for a small model, up to 4 for a large one)',
      wholeNumber(...RANGES.threads),
    )
    .option('--fresh', 'begin again; the files of the earlier run move to <folder>/old-<n>')
    .option('--dry-run', 'say what would be done from the beginning, and on what, and do none of it');
}

export function addOutputOptions(command: Command): Command {
  return command
    .optionsGroup('Output:')
    .option('--json', 'one JSON object on standard output; progress as JSON lines on standard error')
    .option('-q, --quiet', 'no progress, notices or warnings')
    .helpOption('-h, --help', 'show this help');
}
