/**
 * One model, and what can be asked of it and done to it: the library's counterpart of EleutherAI's class of the same name
 * (knowledge_neurons/knowledge_neurons.py). It is made of the functions that the commands are made of.
 */
import type { AskedMethod } from '../attribution/methods.js';
import type { Scores } from '../attribution/scores.js';
import { UserError } from '../errors.js';
import { ENHANCE, type Multipliers, multipliers, predict, SUPPRESS } from '../intervention/intervene.js';
import { type Prediction, type PromptEffect, predictionOf } from '../intervention/prediction.js';
import { changeValues, editRule, eraseRule, originalOf } from '../intervention/value-changes.js';
import {
  type EditRule,
  type EraseValue,
  LAMBDAS,
  type Lambdas,
  type ValueRule,
} from '../intervention/value-rules.js';
import { askPrompts } from '../model/continuation.js';
import type { LoadedModel } from '../model/load.js';
import { ofEachPrompt } from '../model/prompt-batches.js';
import { answerIds } from '../model/tokenizer/tokenizer.js';
import type { CoarseThreshold } from '../neurons/coarse.js';
import { findNeurons } from '../neurons/find.js';
import type { Neuron } from '../neurons/neuron.js';
import { checkNeurons } from '../neurons/neuron-file.js';
import { KeptChanges } from './kept-changes.js';
import type {
  Changed,
  ChangeOptions,
  CoarseOptions,
  KnowledgeNeuronsOptions,
  RefinedOptions,
} from './options.js';

const DEFAULT_METHOD: AskedMethod = { rule: 'riemann_endpoints', steps: 20 };
const DEFAULT_THRESHOLD: CoarseThreshold = { kind: 'adaptive', value: 0.3 };

/** One call is done after the other, in the order that they were made in: nothing is measured while weights are changed. */
export class KnowledgeNeurons {
  private readonly kept = new KeptChanges();
  private last: Promise<unknown> = Promise.resolve();

  /**
   * @param loaded what `loadModel` gives; whoever loaded it disposes of its `model`
   */
  constructor(
    private readonly loaded: LoadedModel,
    private readonly options: KnowledgeNeuronsOptions = {},
  ) {}

  /**
   * Every neuron's score for one prompt (Dai et al., 2021, eq. 3): [layers][intermediateSize].
   * @throws UserError where the prompt has not the form that the model needs, or neurons are suppressed or enhanced
   */
  async scores(
    prompt: string,
    answer: string,
    { method = DEFAULT_METHOD }: CoarseOptions = {},
  ): Promise<Scores> {
    const { prompts } = await this.find([prompt], answer, { method });
    return prompts[0].scores;
  }

  /** The neurons that one prompt's scores point at, in the order of layers (Dai et al., section 3.1). */
  async coarseNeurons(
    prompt: string,
    answer: string,
    options: CoarseOptions = {},
  ): Promise<readonly Neuron[]> {
    const { prompts } = await this.find([prompt], answer, options);
    return prompts[0].coarse;
  }

  /** The neurons that enough of a fact's prompts share: its knowledge neurons (Dai et al., section 3.2). */
  async refinedNeurons(
    prompts: readonly string[],
    answer: string,
    options: RefinedOptions = {},
  ): Promise<readonly Neuron[]> {
    return (await this.find(prompts, answer, options)).neurons;
  }

  /** What the model, with every change that was kept, makes of each prompt and the answer. */
  predict(prompts: readonly string[], answer: string): Promise<Prediction[]> {
    return this.inTurn(() => this.predictNow(prompts, answer));
  }

  /** Multiplies the neurons' activations at the prediction's position by 0 (Dai et al., section 4.1). */
  suppress(
    prompts: readonly string[],
    answer: string,
    neurons: readonly Neuron[],
    options: ChangeOptions = {},
  ): Promise<Changed> {
    return this.inTurn(() => this.multiply(prompts, answer, neurons, SUPPRESS, options));
  }

  /** Multiplies them by `factor`, default 2. */
  enhance(
    prompts: readonly string[],
    answer: string,
    neurons: readonly Neuron[],
    { factor = ENHANCE, ...options }: ChangeOptions & { readonly factor?: number } = {},
  ): Promise<Changed> {
    return this.inTurn(() => this.multiply(prompts, answer, neurons, factor, options));
  }

  /**
   * Gives the neurons' values, rows of the second feed-forward matrix, zeros or the unknown token's embedding (EleutherAI,
   * `erase_knowledge`; Dai et al., section 5.2).
   * @throws UsageError where the model has no unknown token to erase with
   */
  erase(
    prompts: readonly string[],
    answer: string,
    neurons: readonly Neuron[],
    { value = 'zero', ...options }: ChangeOptions & { readonly value?: EraseValue } = {},
  ): Promise<Changed> {
    return this.inTurn(async () =>
      this.change(prompts, answer, neurons, await eraseRule(this.loaded, value), options),
    );
  }

  /**
   * Takes the old answer's word embedding from the neurons' values and adds the new one's (EleutherAI, `edit_knowledge`;
   * Dai et al., section 5.1).
   * @param answer what the prompts ask for now
   * @param target what they shall; the effects are its
   * @param rule default: `eleutherai`, minus and plus twice the embeddings; what goes is then what the model predicts at the
   *   first prompt
   * @param lambdas default: the rule's own
   */
  edit(
    prompts: readonly string[],
    answer: string,
    target: string,
    neurons: readonly Neuron[],
    {
      rule = 'eleutherai',
      lambdas = LAMBDAS[rule],
      ...options
    }: ChangeOptions & { readonly rule?: EditRule; readonly lambdas?: Lambdas } = {},
  ): Promise<Changed> {
    return this.inTurn(async () => {
      const { model, tokenizer } = this.loaded;
      const [queries] = await this.ask(prompts.slice(0, 1), answer);
      const original = await originalOf(model, rule, queries);
      const edit = { rule, lambdas, original, target: answerIds(tokenizer, target) };
      return this.change(prompts, target, neurons, await editRule(model, edit), options);
    });
  }

  /** Takes back everything that was kept, the last first. */
  undo(): Promise<void> {
    return this.inTurn(() => this.kept.undoAll());
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work, work);
    this.last = turn;
    return turn;
  }

  private find(prompts: readonly string[], answer: string, options: RefinedOptions) {
    return this.inTurn(() => this.findNow(prompts, answer, options));
  }

  private async findNow(prompts: readonly string[], answer: string, options: RefinedOptions) {
    if (this.kept.multipliers.size > 0)
      throw new UserError(
        'neurons are suppressed or enhanced, and their scores would be those of another model',
        'Call undo() first.',
      );
    const {
      method = DEFAULT_METHOD,
      threshold = DEFAULT_THRESHOLD,
      share = 0.5,
      negativePrompts = [],
    } = options;
    const { site, batchBytes } = this.options;
    return findNeurons(this.loaded.model, await this.ask(prompts, answer), {
      ...method,
      threshold,
      share,
      negatives: await this.ask(negativePrompts, answer),
      ...(site && { site }),
      ...(batchBytes !== undefined && { batchBytes }),
    });
  }

  /** Suppresses or enhances, over what is kept. */
  private async multiply(
    prompts: readonly string[],
    answer: string,
    neurons: readonly Neuron[],
    factor: number,
    { keep = false }: ChangeOptions,
  ): Promise<Changed> {
    checkNeurons(neurons, this.loaded.model);
    const changed = this.kept.multipliedBy(multipliers(neurons, factor));
    const [before, after] = await this.predictUnder(prompts, answer, [this.kept.multipliers, changed]);
    const undo = keep ? this.kept.keepMultipliers(changed) : nothing;
    return { prompts: effects(prompts, before, after), undo: () => this.inTurn(undo) };
  }

  /** Changes values, and measures before and after. */
  private async change(
    prompts: readonly string[],
    answer: string,
    neurons: readonly Neuron[],
    rule: ValueRule,
    { keep = false }: ChangeOptions,
  ): Promise<Changed> {
    checkNeurons(neurons, this.loaded.model);
    const before = await this.predictNow(prompts, answer);
    const change = await changeValues(this.loaded.model, neurons, rule);
    let after: Prediction[];
    try {
      after = await this.predictNow(prompts, answer);
    } catch (error) {
      await change.undo();
      throw error;
    }
    if (!keep) await change.undo();
    const undo = keep ? this.kept.keepChange(change.undo) : nothing;
    return { prompts: effects(prompts, before, after), undo: () => this.inTurn(undo) };
  }

  private ask(prompts: readonly string[], answer: string) {
    const { model, tokenizer } = this.loaded;
    const { continuation = 'answer' } = this.options;
    return askPrompts(model, tokenizer, prompts, answerIds(tokenizer, answer), continuation);
  }

  private async predictNow(prompts: readonly string[], answer: string): Promise<Prediction[]> {
    const [predictions] = await this.predictUnder(prompts, answer, [this.kept.multipliers]);
    return predictions;
  }

  /** For each set of multipliers a prediction for each prompt. */
  private async predictUnder(
    prompts: readonly string[],
    answer: string,
    sets: readonly Multipliers[],
  ): Promise<Prediction[][]> {
    const { model, tokenizer } = this.loaded;
    const queries = await this.ask(prompts, answer);
    const ofPrompt = ofEachPrompt(queries, await predict(model, queries.flat(), sets, this.options));
    return sets.map((_, set) =>
      ofPrompt.map((own, prompt) =>
        predictionOf(
          tokenizer,
          queries[prompt],
          own.map(distributions => distributions[set]),
        ),
      ),
    );
  }
}

async function nothing(): Promise<void> {}

function effects(
  prompts: readonly string[],
  before: readonly Prediction[],
  after: readonly Prediction[],
): PromptEffect[] {
  return prompts.map((prompt, i) => ({ prompt, before: before[i], after: after[i] }));
}
