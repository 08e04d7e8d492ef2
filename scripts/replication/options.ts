import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError } from '../../src/errors.js';
import { ENGINE_CHOICES, type EngineChoice } from '../../src/runtime/engine-names.js';
import { METHOD } from './findings.js';
import type { ReplicationSettings } from './replication.js';
import { MOST_PROMPTS } from './speed.js';

export const USAGE = `npm run bench:replication -- --replication FOLDER [options]
  --replication FOLDER   a checkout of EleutherAI/knowledge-neurons
  --python PROGRAM       a Python with torch, transformers, einops, numpy and tqdm (python3)
  --engine NAME          kn's: ${ENGINE_CHOICES.join(', ')} (auto)
  --threads N            of both (2); an engine that has one thread keeps it
  --batch-size N         steps that the replication computes at once; a divisor of 20 (20, as its script has)
  --repetitions N        timed rounds, the replication and kn in turn (3); 0 leaves speed out
  --prompts N            of a round, 1 to 4 (4)
  --vocabulary FOLDER    tokenizer files of 30,522 tokens for the model that is timed (the --model folder)
  --facts N              whose neurons are compared, of each model (10); 0 leaves that out
  --model FOLDER         a trained model to compare the neurons of, beside the demo model (../shared/models/bert-mini-pararel)
  --data FOLDER          its facts, in PARAREL's layout (../shared/pararel)`;

export interface Options {
  readonly replication: ReplicationSettings;
  readonly engine: EngineChoice;
  readonly repetitions: number;
  readonly prompts: number;
  readonly vocabulary: string;
  readonly facts: number;
  readonly model: string;
  readonly data: string;
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
    flag: 'threads' | 'batch-size' | 'repetitions' | 'prompts' | 'facts',
    least: number,
    most = 1000,
  ) => {
    const value = Number(values[flag]);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new UsageError(`--${flag} ${values[flag]}: not a whole number from ${least} to ${most}`);
  };
  const batchSize = whole('batch-size', 1);
  if (METHOD.steps % batchSize !== 0)
    throw new UsageError(
      `--batch-size ${batchSize}: not a divisor of ${METHOD.steps}, as the replication asks`,
    );
  const [repetitions, facts] = [whole('repetitions', 0), whole('facts', 0)];
  if (repetitions === 0 && facts === 0)
    throw new UsageError('--repetitions 0 and --facts 0 leave nothing to compare');
  return {
    replication: {
      checkout: has('replication', checkout, 'knowledge_neurons/knowledge_neurons.py'),
      python: values.python,
      threads: whole('threads', 1),
      batchSize,
    },
    engine,
    repetitions,
    prompts: whole('prompts', 1, MOST_PROMPTS),
    vocabulary: has('vocabulary', values.vocabulary ?? values.model, 'tokenizer.json'),
    facts,
    model: has('model', values.model, 'config.json'),
    data: has('data', values.data, 'graphs_json'),
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
        vocabulary: { type: 'string' },
        facts: option('10'),
        model: option('../shared/models/bert-mini-pararel'),
        data: option('../shared/pararel'),
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), USAGE);
  }
}
