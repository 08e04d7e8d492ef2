import { type Command, Option } from 'commander';
import { DEFAULTS, RANGES, SUFFIX } from '../../experiment/erasure/defaults.js';
import { ERASE_VALUES, type EraseValue } from '../../intervention/value-rules.js';
import { addFindingOptions, addOverDataOptions, type DataRunOptions } from '../options/data-run-options.js';
import { list, wholeNumber } from '../options/option-values.js';
import { addSeedOption } from '../options/options.js';

interface Options extends DataRunOptions {
  readonly erase?: readonly string[];
  readonly top: number;
  readonly value: EraseValue;
  readonly ownFacts: number;
  readonly otherFacts: number;
}

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
      "erase so many neurons, those that most of a relation's facts have; of equals the first by layer and index, with --protocol dai the first met",
      wholeNumber(...RANGES.top),
      DEFAULTS.top,
    )
    .addOption(
      new Option('--value <value>', "what a value becomes: zeros, or the unknown token's embedding")
        .choices(ERASE_VALUES)
        .default(DEFAULTS.value),
    )
    .option(
      '--own-facts <n>',
      'measure perplexity on so many facts of the relation',
      wholeNumber(...RANGES.ownFacts),
      DEFAULTS.ownFacts,
    )
    .option(
      '--other-facts <n>',
      'and on so many of each other relation',
      wholeNumber(...RANGES.otherFacts),
      DEFAULTS.otherFacts,
    );
  addSeedOption(command, 'of the draw of these facts');
  addOverDataOptions(command, SUFFIX).addHelpText('after', DETAILS);
  command.action(async (options: Options) => {
    const { runRequest } = await import('../options/run-request.js');
    const { runAndReport } = await import('../run-and-report.js');
    const { erase, top, value, ownFacts, otherFacts } = options;
    const erasure = { erase: erase ? [...erase] : null, top, value, ownFacts, otherFacts };
    process.exitCode = await runAndReport(
      { experiment: 'erasure', ...runRequest(options), erasure },
      options,
    );
  });
}
