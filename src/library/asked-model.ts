import type { AnswerStanding } from '../intervention/distribution.js';
import { type Distribution, standingOf, standingOfTokens } from '../intervention/distribution.js';
import { type Multipliers, predict } from '../intervention/intervene.js';
import { type Prediction, predictionOf } from '../intervention/prediction.js';
import { askPrompts } from '../model/continuation.js';
import type { LanguageModel, Site } from '../model/language-model.js';
import { ofEachPrompt } from '../model/prompt-batches.js';
import { answerIds } from '../model/tokenizer/tokenizer.js';
import type { FindOptions } from '../neurons/find.js';
import { type Progress, progressTo } from '../progress.js';
import { withinMemory } from '../runtime/batch-memory.js';
import type { OpenedModel } from './load-model.js';
import type { AskedPrompt, KnowledgeNeuronsOptions } from './options.js';

/** What `loadModel` gives, or another loaded model: without `batches`, they are what suits the engine. */
export type AskableModel = Pick<OpenedModel, 'model' | 'tokenizer' | 'batches'>;

/** A model as one caller asks it: at which site, with what before later tokens, in batches of which size. */
export class AskedModel {
  readonly progress: Progress;
  readonly site: Site;

  constructor(
    private readonly loaded: AskableModel,
    private readonly options: KnowledgeNeuronsOptions,
  ) {
    this.progress = progressTo(options.onProgress);
    this.site = options.site ?? 'post';
  }

  get model(): LanguageModel {
    return this.loaded.model;
  }

  /** An answer's tokens in a prompt, as people read them. */
  tokens(answer: string, prompt?: string): string[] {
    const { tokenizer } = this.loaded;
    return answerIds(tokenizer, answer, prompt).map(id => tokenizer.token(id));
  }

  async ask(prompts: readonly string[], answer: string): Promise<AskedPrompt[]> {
    const { model, tokenizer } = this.loaded;
    const { continuation = 'answer' } = this.options;
    const queries = await askPrompts(model, tokenizer, prompts, answer, continuation);
    return prompts.map((prompt, i) => ({ prompt, queries: queries[i] }));
  }

  /** For each set of multipliers a prediction for each prompt. */
  async predictions(asked: readonly AskedPrompt[], sets: readonly Multipliers[]): Promise<Prediction[][]> {
    const ofPrompt = await this.distributions(asked, sets);
    return sets.map((_, set) =>
      ofPrompt.map((own, prompt) =>
        predictionOf(
          this.loaded.tokenizer,
          asked[prompt].queries,
          own.map(distributions => distributions[set]),
        ),
      ),
    );
  }

  /** How each prompt's answer stands. */
  async standings(asked: readonly AskedPrompt[], under: Multipliers): Promise<AnswerStanding[]> {
    const ofPrompt = await this.distributions(asked, [under]);
    return ofPrompt.map((own, prompt) =>
      standingOfTokens(own.map(([now], i) => standingOf(asked[prompt].queries[i].answer, now))),
    );
  }

  /** Does work with batches that suit the device, halved for good where its memory is full. */
  inBatches<T>(work: (batches: Pick<FindOptions, 'batchBytes'>) => Promise<T>): Promise<T> {
    const { batchBytes } = this.options;
    const { batches } = this.loaded;
    if (batchBytes !== undefined) return work({ batchBytes });
    if (!batches) return work({});
    const { memory, device } = batches;
    return withinMemory(memory, device, bytes => work({ batchBytes: bytes }));
  }

  /** For each prompt and each of its queries a distribution for each set of multipliers. */
  private async distributions(
    asked: readonly AskedPrompt[],
    sets: readonly Multipliers[],
  ): Promise<(readonly Distribution[][])[]> {
    const queries = asked.map(({ queries }) => queries);
    const found = await this.inBatches(({ batchBytes }) =>
      predict(this.model, queries.flat(), sets, {
        site: this.site,
        ...(batchBytes !== undefined && { batchBytes }),
      }),
    );
    return ofEachPrompt(queries, found);
  }
}
