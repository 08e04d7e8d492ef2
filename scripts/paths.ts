/**
 * npm run bench:paths [-- options]: the neurons of many facts by the exact path and by the interpolated one: where their lists
 * differ, what either took, and at which stage each layer was decided; with --bars how far off each level's scores were, beside
 * what it said of itself, and with --figure a picture of it. Exits with 1 where any list differs, or any score is beyond its bar.
 * docs/quadrature.md has what came out.
 */
import { quadrature } from '../src/attribution/rules.js';
import { UsageError, UserError } from '../src/errors.js';
import { counted } from '../src/numbers.js';
import { startEngine } from '../src/runtime/engine.js';
import { countTraces } from './bench/operations-done.js';
import { type BarOfLevel, barsOfFact } from './paths/bars.js';
import { checkFigureFile, writeBarsFigure } from './paths/bars-figure.js';
import { barLines } from './paths/bars-report.js';
import { findByBoth } from './paths/both-paths.js';
import { type AskedFact, askedFacts, openModel, type StudiedModel } from './paths/model-and-facts.js';
import { readOptions, type StudyOptions, USAGE } from './paths/options.js';
import { comparisonTable, differenceLines, stagesTable } from './paths/report.js';
import { Tally } from './paths/tally.js';

try {
  process.exitCode = process.argv.includes('--help') ? usage() : await study();
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error([error.message, error.remedy].filter(Boolean).join('\n'));
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

function usage(): number {
  console.log(USAGE);
  return 0;
}

async function study(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options.figure !== undefined) await checkFigureFile(options.figure);
  const engine = await startEngine(options.engine);
  const studied = await openModel(options);
  const facts = await askedFacts(studied, options);
  const { rule, steps, site } = options;
  console.log(
    `${studied.name}, ${counted(facts.length, 'fact')}, ${counted(promptsOf(facts), 'prompt')}, site ${site}`,
  );
  console.log(`${rule} ${steps}, on ${engine.version}`);
  return options.bars ? measureBars(studied, facts, options) : compare(studied, facts, options);
}

async function compare({ model, config }: StudiedModel, facts: readonly AskedFact[], options: StudyOptions) {
  const traced = countTraces(model);
  const tallies = options.thresholds.map(threshold => new Tally(threshold, config, options));
  await findByBoth(model, traced, facts[0], options); // The first time packs the weights.
  for (const fact of inProgress(facts)) {
    const { scored, found } = await findByBoth(model, traced, fact, options);
    for (const [i, tally] of tallies.entries()) tally.add(fact, scored, found[i]);
  }
  console.log(['', ...comparisonTable(tallies), ''].join('\n'));
  console.log(
    'passes, operations: of the interpolated path, as a share of the exact one; operations are those of',
  );
  console.log(
    "matrix products, traces counted. In the tables below: the prompts that a layer's stage decided, from so",
  );
  console.log('many nodes, or by the rule itself after so many; points: their mean, alpha = 1 among them.');
  for (const tally of tallies) console.log(['', ...stagesTable(tally, options)].join('\n'));
  const lines = tallies.flatMap(differenceLines);
  console.log(['', ...(lines.length === 0 ? ['All lists of neurons are equal.'] : lines)].join('\n'));
  return lines.length === 0 ? 0 : 1;
}

async function measureBars(
  { model, name }: StudiedModel,
  facts: readonly AskedFact[],
  options: StudyOptions,
) {
  const bars: BarOfLevel[] = [];
  const rule = quadrature(options.rule, options.steps);
  for (const { queries } of inProgress(facts))
    bars.push(...(await barsOfFact(model, queries.flat(), rule, options.site)));
  console.log(['', ...barLines(bars)].join('\n'));
  const prompts = promptsOf(facts);
  if (options.figure !== undefined) await writeBarsFigure(options.figure, bars, { name, prompts });
  return bars.some(({ ofBar }) => ofBar > 1) ? 1 : 0;
}

function promptsOf(facts: readonly AskedFact[]): number {
  return facts.reduce((sum, { prompts }) => sum + prompts.length, 0);
}

/** Says on a terminal how far the study is. */
function* inProgress(facts: readonly AskedFact[]): Generator<AskedFact> {
  for (const [i, fact] of facts.entries()) {
    yield fact;
    if (process.stderr.isTTY) process.stderr.write(`\r${i + 1} of ${facts.length} facts`);
  }
}
