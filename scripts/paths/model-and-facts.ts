/** The model of a study, and what it is asked. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { openDataset } from '../../src/dataset/dataset.js';
import type { Fact } from '../../src/dataset/fact.js';
import { UserError } from '../../src/errors.js';
import { askableFacts } from '../../src/experiment/run/askable-facts.js';
import { groupBy } from '../../src/group-by.js';
import { type ModelConfig, readModelConfig } from '../../src/model/config.js';
import type { LanguageModel } from '../../src/model/language-model.js';
import { loadWeights } from '../../src/model/load.js';
import { loadTokenizer } from '../../src/model/tokenizer/load-tokenizer.js';
import { answerIds, type Query, type Tokenizer } from '../../src/model/tokenizer/tokenizer.js';
import { SHAPES } from '../bench/shapes.js';
import type { StudyOptions } from './options.js';

export interface StudiedModel {
  readonly name: string;
  readonly config: ModelConfig;
  readonly model: LanguageModel;
  readonly tokenizer: Tokenizer;
}

/** @throws UserError where a random model is to have the tokenizer of another kind of model, or a larger one */
export async function openModel({
  model: folder,
  random,
}: Pick<StudyOptions, 'model' | 'random'>): Promise<StudiedModel> {
  const own = await readModelConfig(folder);
  const tokenizer = await loadTokenizer(folder, own);
  if (random === undefined)
    return { name: basename(folder), config: own, model: await loadWeights(folder, own), tokenizer };
  const made = mkdtempSync(join(tmpdir(), 'kn-paths-'));
  try {
    await SHAPES[random].write(made);
    const config = await readModelConfig(made);
    if (config.causal !== own.causal || config.vocabularySize < own.vocabularySize)
      throw new UserError(
        `${folder}: its tokenizer is not one for ${random}`,
        'Name a model of that kind with --model, of as many tokens or fewer.',
      );
    return {
      name: `random, of ${random}'s shape`,
      config,
      model: await loadWeights(made, config),
      tokenizer,
    };
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

/** A fact's prompts, each as a query for each token of the answer. */
export interface AskedFact {
  readonly prompts: readonly string[];
  readonly queries: readonly (readonly Query[])[];
}

/** The first facts of each relation in turn, one of each before a second of any, of those that the model can be asked. */
export async function askedFacts(
  { model, tokenizer }: StudiedModel,
  options: Pick<StudyOptions, 'data' | 'facts' | 'prompts' | 'maxAnswerTokens'>,
): Promise<AskedFact[]> {
  const dataset = await openDataset(options.data, {}, model.causal);
  const { facts } = askableFacts(dataset, tokenizer, model, options);
  return inTurn(facts)
    .slice(0, options.facts)
    .map(dataset.withPrompts)
    .map(({ prompts, object }: Fact) => {
      const answer = answerIds(tokenizer, object);
      const asked = prompts.slice(0, options.prompts);
      return { prompts: asked, queries: asked.map(text => tokenizer.ask(text, answer, model.maxTokens)) };
    });
}

export function inTurn<Of extends { readonly relation: string }>(facts: readonly Of[]): Of[] {
  const relations = [...groupBy(facts, ({ relation }) => relation).values()];
  const most = Math.max(...relations.map(({ length }) => length));
  return Array.from({ length: most }, (_, turn) => relations.flatMap(of => of.slice(turn, turn + 1))).flat();
}
