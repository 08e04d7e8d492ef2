/**
 * npm run quadrature [-- options]: how many steps of gausslegendre give the neurons of a 200-step integral as often as
 * the default, 20 steps of riemann_endpoints. docs/quadrature.md has what came out.
 */
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { countOperations } from '../src/attribution/count-operations.js';
import { openDataset } from '../src/dataset/dataset.js';
import type { Fact } from '../src/dataset/fact.js';
import { DEMO_DATA, DEMO_MODEL } from '../src/embedded.js';
import { type LoadedModel, loadModel } from '../src/model/load.js';
import { answerIds, type Query } from '../src/model/tokenizer/tokenizer.js';
import { findNeurons } from '../src/neurons/find.js';
import { table } from '../src/report/table.js';
import { startEngine } from '../src/runtime/engine.js';
import { ENGINE_CHOICES } from '../src/runtime/engine-names.js';
import { type Agreement, agreement, type Summary, summarise } from './quadrature/agreement.js';
import {
  type AskedQuadrature,
  CHECKS,
  DEFAULT,
  FEW_STEPS,
  nameOf,
  REFERENCE,
} from './quadrature/quadratures.js';
import { randomBertBase } from './quadrature/random-bert-base.js';
import { factsInTurn } from './replication/facts.js';

const USAGE = `npm run quadrature -- [options]
  --model FOLDER        a model (the demo model)
  --random-bert-base    in its place a random one of bert-base's shape, with the tokenizer of --model
  --data FOLDER         its facts, in PARAREL's layout (the demo's)
  --facts N             so many facts, the relations in turn (all)
  --prompts N           so many prompts of each at the most (all)
  --engine NAME         ${ENGINE_CHOICES.join(', ')} (auto)`;

/** Those of a run over a data set: the replication's. */
const COARSE_AND_REFINED = { threshold: { kind: 'adaptive', value: 0.3 }, share: 0.3 } as const;

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: DEMO_MODEL },
    'random-bert-base': { type: 'boolean', default: false },
    data: { type: 'string', default: DEMO_DATA },
    facts: { type: 'string', default: 'all' },
    prompts: { type: 'string', default: 'all' },
    engine: { type: 'string', default: 'auto' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) console.log(USAGE);
else await study();

async function study(): Promise<void> {
  const choice = ENGINE_CHOICES.find(name => name === values.engine);
  if (!choice) throw new Error(`--engine ${values.engine}: none of ${ENGINE_CHOICES.join(', ')}`);
  const engine = await startEngine(choice);
  const folder = values['random-bert-base'] ? await randomBertBase(values.model) : values.model;
  const loaded = await loadModel(folder);
  const dataset = await openDataset(values.data);
  const facts = factsInTurn(dataset, loaded.tokenizer, atMost('facts'));
  const name = values['random-bert-base'] ? "random, of bert-base's shape" : basename(folder);
  console.log(`${name}, ${facts.length} facts, on ${engine.version}`);

  const asked = [...CHECKS, DEFAULT, ...FEW_STEPS];
  const agreements = new Map<AskedQuadrature, Agreement[]>(asked.map(quadrature => [quadrature, []]));
  for (const [i, fact] of facts.entries()) {
    const queries = queriesOf(loaded, fact);
    const find = (quadrature: AskedQuadrature) =>
      findNeurons(loaded.model, queries, { ...quadrature, path: 'exact', ...COARSE_AND_REFINED });
    const reference = await find(REFERENCE);
    for (const [quadrature, list] of agreements) list.push(agreement(await find(quadrature), reference));
    if (process.stderr.isTTY) process.stderr.write(`\r${i + 1} of ${facts.length} facts`);
  }
  const tokens = Math.round(meanTokens(facts.flatMap(fact => queriesOf(loaded, fact))));
  print(loaded, tokens, new Map([...agreements].map(([quadrature, list]) => [quadrature, summarise(list)])));
}

function atMost(option: 'facts' | 'prompts'): number {
  const value = values[option] === 'all' ? Number.POSITIVE_INFINITY : Number(values[option]);
  if (value >= 1) return value;
  throw new Error(`--${option} ${values[option]}: not a number from 1, nor "all"`);
}

function queriesOf({ model, tokenizer }: LoadedModel, { prompts, object }: Fact): Query[][] {
  const answer = answerIds(tokenizer, object);
  return prompts.slice(0, atMost('prompts')).map(prompt => tokenizer.ask(prompt, answer, model.maxTokens));
}

function meanTokens(prompts: readonly (readonly Query[])[]): number {
  const queries = prompts.flat();
  return queries.reduce((sum, { tokens }) => sum + tokens.length, 0) / queries.length;
}

function print({ model }: LoadedModel, tokens: number, summaries: Map<AskedQuadrature, Summary>): void {
  const operations = ({ rule, steps }: AskedQuadrature) => countOperations(model, tokens, rule, steps).total;
  const share = (value: number) => `${(100 * value).toFixed(1)}%`;
  const rows = [...summaries].map(([quadrature, summary]) => [
    nameOf(quadrature),
    share(summary.sameCoarse),
    summary.coarseJaccard.toFixed(4),
    share(summary.sameRefined),
    summary.refinedJaccard.toFixed(4),
    summary.medianError.toExponential(1),
    summary.worstError.toExponential(1),
    (operations(quadrature) / operations(DEFAULT)).toFixed(2),
  ]);
  const head = [
    '',
    'same coarse',
    'Jaccard',
    'same refined',
    'Jaccard',
    'median error',
    'worst',
    'operations',
  ];
  const [{ prompts, facts }] = summaries.values();
  console.log(['', ...table(head, rows, 'right'), ''].join('\n'));
  console.log(
    `Against ${nameOf(REFERENCE)}: the share of ${prompts} prompts with the same coarse neurons, of ${facts} facts with the`,
  );
  console.log(
    "same refined ones; the mean Jaccard index of the two lists; the relative error of a prompt's scores;",
  );
  console.log(
    `the matrix products' operations, ${nameOf(DEFAULT)} being 1, for prompts of ${tokens} tokens.`,
  );
}
