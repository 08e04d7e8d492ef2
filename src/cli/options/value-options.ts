/** The options that `kn erase` and `kn edit` share. */
import type { Command } from 'commander';
import { collect, wholeNumber } from './option-values.js';
import {
  type AskingOptions,
  type AttributionOptions,
  addAskingOptions,
  addAttributionOptions,
  addModelOptions,
  addNeuronsOption,
  addOutputOptions,
  addPromptOptions,
  type DataOptions,
  type ModelOptions,
  type OutputOptions,
  type PromptOptions,
} from './options.js';

export interface ValueOptions
  extends ModelOptions,
    PromptOptions,
    AskingOptions,
    AttributionOptions,
    Pick<DataOptions, 'data'>,
    OutputOptions {
  readonly neurons?: string;
  readonly otherPrompt?: readonly string[];
  readonly otherPrompts?: string;
  readonly unrelatedFacts: number;
  readonly seed: number;
  readonly save?: string;
}

export function addValueOptions(command: Command): void {
  addModelOptions(command);
  addPromptOptions(command, 'The fact:');
  addAskingOptions(command);
  addAttributionOptions(command, '0.5');
  addNeuronsOption(command);
  command
    .optionsGroup('What else is measured:')
    .option(
      '--other-prompt <text>',
      'the fact in other words, for measuring alone; repeat it for more',
      collect,
    )
    .option('--other-prompts <file>', 'a file with such a prompt a line')
    .option(
      '-d, --data <data>',
      'where unrelated facts are from: a folder in PARAREL\'s layout, "pararel" or "demo" (default: "pararel"; "demo" with the demo model)',
    )
    .option('--unrelated-facts <n>', 'so many, which share no name with the fact', wholeNumber(0, 1e6), 20)
    .option('--seed <n>', 'of their draw', wholeNumber(0, 2 ** 48), 42);
  addOutputOptions(command).option(
    '--save <folder>',
    'write the changed model there, in the Hugging Face layout; new or empty',
  );
}
