/** The options that `kn erase` and `kn edit` share. */
import type { Command } from 'commander';
import type { FactOptions } from './fact-request.js';
import { collect, wholeNumber } from './option-values.js';
import {
  addAskingOptions,
  addAttributionOptions,
  addModelOptions,
  addNeuronsOption,
  addOutputOptions,
  addPromptOptions,
  addSeedOption,
  type DataOptions,
  type OutputOptions,
} from './options.js';

export interface ValueOptions extends FactOptions, Pick<DataOptions, 'data'>, OutputOptions {
  readonly otherPrompt?: readonly string[];
  readonly otherPrompts?: string;
  readonly unrelatedFacts: number;
  readonly seed?: number;
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
    .option('--unrelated-facts <n>', 'so many, which share no name with the fact', wholeNumber(0, 1e6), 20);
  addSeedOption(command, 'of their draw');
  addOutputOptions(command).option(
    '--save <folder>',
    'write the changed model there, in the Hugging Face layout; new or empty',
  );
}
