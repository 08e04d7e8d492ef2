/** What the options of one fact mean: its prompts, and how its neurons are found. */
import { UsageError, UserError } from '../../errors.js';
import { DEFAULTS } from '../../experiment/run/defaults.js';
import { completeFinding, findOptionsOf, methodOf } from '../../experiment/run/finding.js';
import { withoutMark } from '../../files.js';
import type { RefinedOptions } from '../../library/options.js';
import type { Neuron } from '../../neurons/neuron.js';
import { parseNeurons, readNeuronList } from '../../neurons/neuron-file.js';
import type { Sharing } from '../../neurons/refined.js';
import { LARGEST_DESCRIPTION, readPlainText, readStream } from '../../plain-file.js';
import type { AskingOptions, AttributionOptions, ModelOptions, PromptOptions } from './options.js';
import { askedFinding } from './run-request.js';

export interface FactOptions extends PromptOptions, AskingOptions, AttributionOptions, ModelOptions {
  readonly neurons?: string;
}

/** How a fact's neurons are found, in the library's words. */
export type FactFinding = Sharing & Required<Pick<RefinedOptions, 'method' | 'threshold'>>;

/** What an option says goes before what the protocol says. */
export function factFinding(options: AttributionOptions): FactFinding {
  const { protocol = DEFAULTS.protocol } = options;
  const found = findOptionsOf(completeFinding(askedFinding(options), protocol, 'fact'), protocol);
  const { threshold, share, inclusive, leastPrompts } = found;
  return {
    ...{ method: methodOf(found), threshold, share },
    ...(inclusive !== undefined && { inclusive }),
    ...(leastPrompts !== undefined && { leastPrompts }),
  };
}

export interface PromptedFact {
  readonly prompts: readonly string[];
  readonly answer: string;
  readonly negativePrompts: readonly string[];
}

/**
 * The prompts and the answer.
 * @throws UsageError where something is missing, UserError where a file cannot be read
 */
export async function askedFact(options: PromptOptions): Promise<PromptedFact> {
  const { answer } = options;
  if (answer === undefined)
    throw new UsageError('--prompt needs --answer', 'Name what belongs where the prompt asks.');
  if (options.prompts === '-' && options.negativePrompts === '-')
    throw new UsageError('--prompts and --negative-prompts cannot both be standard input');
  const prompts = await allPrompts(options.prompt, options.prompts);
  const negativePrompts = await allPrompts(options.negativePrompt, options.negativePrompts);
  if (prompts.length === 0) throw new UsageError('--answer needs a --prompt or --prompts');
  return { prompts, answer, negativePrompts };
}

/** Prompts that stand on the command line, and then those of a file. */
export async function allPrompts(given: readonly string[] = [], file: string | undefined): Promise<string[]> {
  return [...given, ...(file === undefined ? [] : await readPrompts(file))];
}

/** `--neurons` for one fact: a list, or a file with one; undefined where they are to be found. */
export async function givenNeurons(option: string | undefined): Promise<readonly Neuron[] | undefined> {
  return option === undefined ? undefined : (parseNeurons(option) ?? (await readNeuronList(option)));
}

const STANDARD_INPUT = 'standard input';
const PROMPT_FILE = 'A prompt file has a prompt a line.';

async function readPrompts(path: string): Promise<string[]> {
  const content =
    path === '-'
      ? await readStream(process.stdin, STANDARD_INPUT, LARGEST_DESCRIPTION, PROMPT_FILE)
      : await readPlainText(
          path,
          LARGEST_DESCRIPTION,
          `${PROMPT_FILE} A pipe is read as standard input, with - for the file.`,
        );
  const prompts = withoutMark(content)
    .split(/\r?\n/)
    .filter(line => line.trim() !== '');
  if (prompts.length === 0) {
    throw new UserError(`${path === '-' ? STANDARD_INPUT : path}: no prompts`, PROMPT_FILE);
  }
  return prompts;
}
