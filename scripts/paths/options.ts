import { parseArgs } from 'node:util';
import { minimumSteps, RULES, type Rule } from '../../src/attribution/rules.js';
import { DEMO_DATA, DEMO_MODEL } from '../../src/embedded.js';
import { UsageError } from '../../src/errors.js';
import { SITES, type Site } from '../../src/model/language-model.js';
import type { CoarseThreshold } from '../../src/neurons/coarse.js';
import { ENGINE_CHOICES, type EngineChoice } from '../../src/runtime/engine-names.js';
import type { ShapeName } from '../bench/shapes.js';

/** Of which there is a random model. */
const RANDOM = ['bert-base', 'gpt2', 'llama'] as const satisfies readonly ShapeName[];

export const USAGE = `npm run bench:paths -- [options]
  --model FOLDER          a model (the demo model)
  --random-bert-base, --random-gpt2, --random-llama   in its place a random one of that shape, with the tokenizer of --model
  --data FOLDER           its facts, in PARAREL's layout (the demo's)
  --facts N               so many facts, the relations in turn (all)
  --prompts N             so many prompts of each at the most (all)
  --max-answer-tokens N   facts whose object is so many tokens at the most (1)
  --engine NAME           ${ENGINE_CHOICES.join(', ')} (auto)
  --rule NAME             ${RULES.join(', ')} (riemann_endpoints)
  --steps N               of the rule (20)
  --site NAME             ${SITES.join(', ')} (post)
  --threshold LIST        of coarse neurons (adaptive:0.3,absolute:1e-4,percentile:99.9)
  --share N               of the prompts that make a refined neuron (0.3)
  --bars                  how far off every level was, beside what it said of itself, in place of all that
  --figure FILE.svg       with --bars, a picture of it`;

export interface StudyOptions {
  readonly model: string;
  /** The shape of a random one in its place. */
  readonly random: ShapeName | undefined;
  readonly data: string;
  readonly facts: number;
  readonly prompts: number;
  readonly maxAnswerTokens: number;
  readonly engine: EngineChoice;
  readonly rule: Rule;
  readonly steps: number;
  readonly site: Site;
  readonly thresholds: readonly CoarseThreshold[];
  readonly share: number;
  readonly bars: boolean;
  /** The picture of the bars. */
  readonly figure: string | undefined;
}

/** @throws UsageError where the command line means nothing */
export function readOptions(args: readonly string[]): StudyOptions {
  const values = parse(args);
  const number = (flag: 'facts' | 'prompts' | 'steps' | 'max-answer-tokens', least = 1) => {
    const value = values[flag] === 'all' ? Number.POSITIVE_INFINITY : Number(values[flag]);
    if (value >= least && (Number.isInteger(value) || values[flag] === 'all')) return value;
    throw new UsageError(`--${flag} ${values[flag]}: not a whole number from ${least}`);
  };
  const rule = oneOf('rule', values.rule, RULES);
  const share = Number(values.share);
  if (!(share >= 0 && share <= 1)) throw new UsageError(`--share ${values.share}: not a share from 0 to 1`);
  return {
    model: values.model,
    random: RANDOM.find(name => values[`random-${name}`]),
    data: values.data,
    facts: number('facts'),
    prompts: number('prompts'),
    maxAnswerTokens: number('max-answer-tokens'),
    engine: oneOf('engine', values.engine, ENGINE_CHOICES),
    rule,
    steps: number('steps', minimumSteps(rule)),
    site: oneOf('site', values.site, SITES),
    thresholds: values.threshold.split(',').map(thresholdOf),
    share,
    bars: values.bars,
    figure: figureOf(values),
  };
}

function figureOf({ figure, bars }: ReturnType<typeof parse>): string | undefined {
  if (figure === undefined) return undefined;
  if (!bars) throw new UsageError(`--figure ${figure}: it draws what --bars measures`, 'Add --bars.');
  if (!figure.endsWith('.svg')) throw new UsageError(`--figure ${figure}: its name does not end in .svg`);
  return figure;
}

const KINDS = ['adaptive', 'absolute', 'percentile'] as const satisfies readonly CoarseThreshold['kind'][];

/** "adaptive:0.3" */
function thresholdOf(text: string): CoarseThreshold {
  const [kind, value, ...rest] = text.split(':');
  const known = KINDS.find(name => name === kind);
  if (
    known &&
    value !== undefined &&
    value.trim() !== '' &&
    rest.length === 0 &&
    Number.isFinite(Number(value))
  )
    return { kind: known, value: Number(value) };
  throw new UsageError(`--threshold ${text}: not a kind with a number, as adaptive:0.3`);
}

export function nameOf({ kind, value }: CoarseThreshold): string {
  return `${kind} ${value}`;
}

function oneOf<Name extends string>(flag: string, value: string, names: readonly Name[]): Name {
  const found = names.find(name => name === value);
  if (found === undefined) throw new UsageError(`--${flag} ${value}: none of ${names.join(', ')}`);
  return found;
}

function parse(args: readonly string[]) {
  const option = (value: string) => ({ type: 'string', default: value }) as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        model: option(DEMO_MODEL),
        'random-bert-base': flag,
        'random-gpt2': flag,
        'random-llama': flag,
        data: option(DEMO_DATA),
        facts: option('all'),
        prompts: option('all'),
        'max-answer-tokens': option('1'),
        engine: option('auto'),
        rule: option('riemann_endpoints'),
        steps: option('20'),
        site: option('post'),
        threshold: option('adaptive:0.3,absolute:1e-4,percentile:99.9'),
        share: option('0.3'),
        bars: flag,
        figure: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), USAGE);
  }
}
