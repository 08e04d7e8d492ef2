import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError } from '../../src/errors.js';
import { ENGINE_CHOICES, type EngineChoice } from '../../src/runtime/engine-names.js';
import { METHOD } from './findings.js';
import { MOST_PROMPTS } from './random-model.js';
import type { ReplicationSettings } from './replication.js';
import type { TrainedModel } from './trained-model.js';

export const USAGE = `npm run bench:replication -- --replication FOLDER [options]
  --replication FOLDER   a checkout of EleutherAI/knowledge-neurons
  --python PROGRAM       a Python with torch, transformers, einops, numpy and tqdm (python3)
  --engine NAME          kn's: ${ENGINE_CHOICES.join(', ')} (auto)
  --threads N            of both (2); an engine that has one thread keeps it
  --batch-size N         steps that the replication computes at once; a divisor of 20 (20, as its script has)
  --repetitions N        timed rounds, the replication and kn in turn (3); 0 leaves speed out
  --prompts N            of a round with random weights, 1 to 4 (4); 0 leaves that model out
  --timed-facts N        of a round with the --model (6); 0 leaves that out
  --vocabulary FOLDER    tokenizer files of 30,522 tokens for the random weights (the --model folder)
  --facts N              whose neurons are compared, of the demo model and of the --model (10); 0 leaves that out
  --demo-facts N         of the demo model (as --facts)
  --model FOLDER         a trained model, to time and to compare the neurons of (../shared/models/bert-mini-pararel)
  --data FOLDER          its facts, in PARAREL's layout (../shared/pararel)`;

export interface Options {
  readonly replication: ReplicationSettings;
  readonly engine: EngineChoice;
  readonly repetitions: number;
  readonly prompts: number;
  readonly timedFacts: number;
  readonly vocabulary: string;
  readonly facts: number;
  readonly demoFacts: number;
  readonly trained: TrainedModel;
}

/** @throws UsageError where the command line means nothing, or names a folder that is not what it should be */
export function readOptions(args: readonly string[]): Options {
  const values = parse(args);
  const engine = ENGINE_CHOICES.find(engine => engine === values.engine);
  if (!engine) throw new UsageError(`--engine ${values.engine}: none of ${ENGINE_CHOICES.join(', ')}`);
  const checkout = values.replication;
  if (checkout === undefined) throw new UsageError('--replication is missing', USAGE);
  const has = (flag: string, folder: string, file: string): string => {
    if (existsSync(join(folder, file))) return folder;
    throw new UsageError(`--${flag} ${folder}: no ${file} there`, `Give --${flag} another folder.`);
  };
  const whole = (
    flag: 'threads' | 'batch-size' | 'repetitions' | 'prompts' | 'timed-facts' | 'facts' | 'demo-facts',
    least: number,
    most = 100_000,
  ) => {
    const value = Number(values[flag] ?? values.facts);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new UsageError(`--${flag} ${values[flag]}: not a whole number from ${least} to ${most}`);
  };
  const batchSize = whole('batch-size', 1);
  if (METHOD.steps % batchSize !== 0)
    throw new UsageError(
      `--batch-size ${batchSize}: not a divisor of ${METHOD.steps}, as the replication asks`,
    );
  const [repetitions, facts, demoFacts] = [
    whole('repetitions', 0),
    whole('facts', 0),
    whole('demo-facts', 0),
  ];
  const [prompts, timedFacts] = [whole('prompts', 0, MOST_PROMPTS), whole('timed-facts', 0)];
  const timed = repetitions > 0 && prompts + timedFacts > 0;
  if (!timed && facts + demoFacts === 0)
    throw new UsageError('there is nothing to time and nothing to compare', 'Leave out a 0.');
  return {
    replication: {
      checkout: has('replication', checkout, 'knowledge_neurons/knowledge_neurons.py'),
      python: values.python,
      threads: whole('threads', 1),
      batchSize,
    },
    engine,
    repetitions,
    prompts,
    timedFacts,
    vocabulary: has('vocabulary', values.vocabulary ?? values.model, 'tokenizer.json'),
    facts,
    demoFacts,
    trained: {
      name: basename(resolve(values.model)),
      folder: has('model', values.model, 'config.json'),
      data: has('data', values.data, 'graphs_json'),
    },
  };
}

function parse(args: readonly string[]) {
  const option = (value: string) => ({ type: 'string', default: value }) as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        replication: { type: 'string' },
        python: option('python3'),
        engine: option('auto'),
        threads: option('2'),
        'batch-size': option('20'),
        repetitions: option('3'),
        prompts: option('4'),
        'timed-facts': option('6'),
        vocabulary: { type: 'string' },
        facts: option('10'),
        'demo-facts': { type: 'string' },
        model: option('../shared/models/bert-mini-pararel'),
        data: option('../shared/pararel'),
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), USAGE);
  }
}
