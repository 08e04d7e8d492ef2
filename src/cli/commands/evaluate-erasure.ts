import { type Command, Option } from 'commander';
import { ERASE_VALUES } from '../../intervention/value-rules.js';
import { addFindingOptions, addOverDataOptions } from '../options/data-run-options.js';
import { list, wholeNumber } from '../options/option-values.js';
import type { ErasureOptions } from './erasure-run.js';

const DETAILS = `
Erases relations, as section 5.2 of Dai et al. (2022): the values of the neurons that most of a relation's facts have
become zeros; the perplexity of its own facts and that of all other relations' are measured before and after, and the
values put back before the next relation. Perplexity is exp(mean of -log P(answer)) over prompts.

Neurons are found for all selected facts of the relations to erase, unless they are given. Each finished fact and
relation is kept at once: after an interruption the same command goes on where it stopped.

Examples:
  kn evaluate erasure --model demo
  The paper's four relations, measured against all, with the neurons that kn find left in a folder:
    kn evaluate erasure --erase P19,P27,P106,P937 --neurons results/bert-base-uncased
  Every fact asked, as the paper does:
    kn evaluate erasure --model demo --own-facts 1000000 --other-facts 1000000

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but some facts or relations failed, 130 interrupted.`;

export function addErasure(evaluate: Command): void {
  const command = evaluate
    .command('erasure')
    .description("erase the values of relations' neurons, and measure it");
  addFindingOptions(command)
    .optionsGroup('Erasures:')
    .option('--erase <names>', 'erase these of the selected relations: P19,P27 (default: each in turn)', list)
    .option(
      '--top <n>',
      "erase so many neurons, those that most of a relation's facts have",
      wholeNumber(1, 1e6),
      20,
    )
    .addOption(
      new Option('--value <value>', "what a value becomes: zeros, or the unknown token's embedding")
        .choices(ERASE_VALUES)
        .default('zero'),
    )
    .option(
      '--own-facts <n>',
      'measure perplexity on so many facts of the relation',
      wholeNumber(1, 1e9),
      100,
    )
    .option('--other-facts <n>', 'and on so many of each other relation', wholeNumber(0, 1e9), 10)
    .option('--seed <n>', 'of the draw of these facts', wholeNumber(0, 2 ** 48), 42);
  addOverDataOptions(command, '-erasure').addHelpText('after', DETAILS);
  command.action(async (options: ErasureOptions) => {
    const { runErasures } = await import('./erasure-run.js');
    process.exitCode = await runErasures(options);
  });
}
