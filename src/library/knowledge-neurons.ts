/**
 * One model, and what can be asked of it and done to it: the library's counterpart of EleutherAI's class of the same name
 * (knowledge_neurons/knowledge_neurons.py). It is made of the functions that the commands are made of.
 */
import type { Scores } from '../attribution/scores.js';
import { UserError } from '../errors.js';
import type { AnswerStanding } from '../intervention/distribution.js';
import { ENHANCE, multipliers, SUPPRESS } from '../intervention/intervene.js';
import type { Prediction, PromptEffect } from '../intervention/prediction.js';
import { changeValues, editRule, eraseRule, originalOf } from '../intervention/value-changes.js';
import {
  type EditRule,
  type EraseValue,
  LAMBDAS,
  type Lambdas,
  type ValueRule,
} from '../intervention/value-rules.js';
import { answersOf } from '../model/tokenizer/tokenizer.js';
import type { Neuron } from '../neurons/neuron.js';
import { checkNeurons } from '../neurons/neuron-file.js';
import { type AskableModel, AskedModel } from './asked-model.js';
import { DEFAULT_METHOD, findNeuronsOfFact } from './find-neurons-of-fact.js';
import { KeptChanges } from './kept-changes.js';
import type {
  AskedPrompt,
  Changed,
  ChangedValues,
  ChangeOptions,
  CoarseOptions,
  FactNeurons,
  FindingOptions,
  KnowledgeNeuronsOptions,
  RefinedOptions,
} from './options.js';

/** One call is done after the other, in the order that they were made in: nothing is measured while weights are changed. */
export class KnowledgeNeurons {
  private readonly kept = new KeptChanges();
  private readonly asking: AskedModel;
  private last: Promise<unknown> = Promise.resolve();

  /**
   * @param loaded what `loadModel` gives; whoever loaded it disposes of its `model`
   */
  constructor(
    private readonly loaded: AskableModel,
    options: KnowledgeNeuronsOptions = {},
  ) {
    this.asking = new AskedModel(loaded, options);
  }

  /** A fact's neurons, with the scores and coarse neurons of each prompt that they come from. */
  find(prompts: readonly string[], answer: string, options: FindingOptions = {}): Promise<FactNeurons> {
    return this.inTurn(() => this.findNow(prompts, answer, options));
  }

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
    const { prompts } = await this.find([prompt], answer, { ...options, keepScores: false });
    return prompts[0].coarse;
  }

  /** The neurons that enough of a fact's prompts share: its knowledge neurons (Dai et al., section 3.2). */
  async refinedNeurons(
    prompts: readonly string[],
    answer: string,
    options: RefinedOptions = {},
  ): Promise<readonly Neuron[]> {
    return (await this.find(prompts, answer, { ...options, keepScores: false })).neurons;
  }

  /**
   * The tokens that an answer is for the model.
   * @param prompt that it is the answer of: its tokens depend on what it touches there; default: any in which it is a word after another
   * @throws UserError where the vocabulary lacks it
   */
  answerTokens(answer: string, prompt?: string): readonly string[] {
    return this.asking.tokens(answer, prompt);
  }

  /** What the model, with every change that was kept, makes of each prompt and the answer. */
  predict(prompts: readonly string[], answer: string): Promise<Prediction[]> {
    return this.inTurn(async () => this.predictNow(await this.asking.ask(prompts, answer)));
  }

  /**
   * Prompts as they ask for an answer of the model as it is now, to be asked before a change and after it.
   * @throws UserError where a prompt has not the form that the model needs, or the vocabulary lacks the answer
   */
  ask(prompts: readonly string[], answer: string): Promise<AskedPrompt[]> {
    return this.inTurn(() => this.asking.ask(prompts, answer));
  }

  /** What the model, with every change that was kept, makes of what is asked. */
  predictAsked(asked: readonly AskedPrompt[]): Promise<Prediction[]> {
    return this.inTurn(() => this.predictNow(asked));
  }

  /** The same without the most probable tokens: how each answer stands. */
  standings(asked: readonly AskedPrompt[]): Promise<AnswerStanding[]> {
    return this.inTurn(() => this.asking.standings(asked, this.kept.multipliers));
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
  ): Promise<ChangedValues> {
    return this.inTurn(async () => {
      const rule = await eraseRule(this.loaded, value);
      return this.change(await this.asking.ask(prompts, answer), neurons, rule, options);
    });
  }

  /**
   * Takes the old answer's word embedding from the neurons' values and adds the new one's (EleutherAI, `edit_knowledge`;
   * Dai et al., section 5.1).
   * @param answer what the prompts ask for now
   * @param target what they shall; the effects are its
   * @param rule default: `eleutherai`, minus and plus twice the embeddings; what goes is then what the model predicts at the
   *   first prompt; what comes are the tokens that `target` has there, with `eleutherai` the first of them
   * @param lambdas default: the rule's own
   * @returns with `original`, what it takes away
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
  ): Promise<ChangedValues & { readonly original: string }> {
    return this.inTurn(async () => {
      const { model, tokenizer } = this.loaded;
      const [{ queries }] = await this.asking.ask(prompts.slice(0, 1), answer);
      const original = await originalOf(model, rule, queries);
      const asked = await this.asking.ask(prompts, target);
      const edit = await editRule(model, { rule, lambdas, original, target: answersOf(asked[0].queries) });
      const changed = await this.change(asked, neurons, edit, options);
      return { ...changed, original: rule === 'paper' ? answer : tokenizer.token(original[0]) };
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

  private async findNow(
    prompts: readonly string[],
    answer: string,
    options: FindingOptions,
  ): Promise<FactNeurons> {
    if (this.kept.multipliers.size > 0)
      throw new UserError(
        'neurons are suppressed or enhanced, and their scores would be those of another model',
        'Call undo() first.',
      );
    return findNeuronsOfFact(this.asking, prompts, answer, options);
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
    const asked = await this.asking.ask(prompts, answer);
    const [before, after] = await this.asking.predictions(asked, [this.kept.multipliers, changed]);
    const undo = keep ? this.kept.keepMultipliers(changed) : nothing;
    return { prompts: effects(asked, before, after), undo: () => this.inTurn(undo) };
  }

  /** Changes values, and measures before and after. */
  private async change(
    asked: readonly AskedPrompt[],
    neurons: readonly Neuron[],
    rule: ValueRule,
    { keep = false }: ChangeOptions,
  ): Promise<ChangedValues> {
    checkNeurons(neurons, this.loaded.model);
    const before = await this.predictNow(asked);
    const change = await changeValues(this.loaded.model, neurons, rule);
    let after: Prediction[];
    try {
      after = await this.predictNow(asked);
    } catch (error) {
      await change.undo();
      throw error;
    }
    if (!keep) await change.undo();
    const undo = keep ? this.kept.keepChange(change.undo) : nothing;
    const { values } = change;
    return { prompts: effects(asked, before, after), values, undo: () => this.inTurn(undo) };
  }

  private async predictNow(asked: readonly AskedPrompt[]): Promise<Prediction[]> {
    const [predictions] = await this.asking.predictions(asked, [this.kept.multipliers]);
    return predictions;
  }
}

async function nothing(): Promise<void> {}

function effects(
  asked: readonly AskedPrompt[],
  before: readonly Prediction[],
  after: readonly Prediction[],
): PromptEffect[] {
  return asked.map(({ prompt }, i) => ({ prompt, before: before[i], after: after[i] }));
}
