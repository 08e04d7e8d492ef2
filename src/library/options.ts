/** What can be asked of the library's class, and what it answers. */
import type { AskedMethod } from '../attribution/methods.js';
import type { AnswerStanding } from '../intervention/distribution.js';
import type { PromptEffect } from '../intervention/prediction.js';
import type { LayerValues } from '../intervention/value-changes.js';
import type { Continuation } from '../model/continuation-names.js';
import type { Site } from '../model/language-model.js';
import type { Query } from '../model/tokenizer/tokenizer.js';
import type { CoarseThreshold } from '../neurons/coarse.js';
import type { FoundInPrompt, FoundNeurons } from '../neurons/find.js';
import type { Sharing } from '../neurons/refined.js';
import type { OnProgress } from '../progress.js';

export interface KnowledgeNeuronsOptions {
  /** Where neurons are read and changed: after the non-linearity (`post`, the default) or before it. */
  readonly site?: Site;
  /** What stands before a later token of an answer of several; default: `answer`. */
  readonly continuation?: Continuation;
  /** What the values of a batch may take, in bytes; default: what suits the device, halved where its memory is full. */
  readonly batchBytes?: number;
  /** Told how far finding neurons is; default: nobody. */
  readonly onProgress?: OnProgress;
}

/** How neurons are scored and chosen. Defaults: integrated gradients, `riemann_endpoints`, 20 steps, adaptive 0.3. */
export interface CoarseOptions {
  readonly method?: AskedMethod;
  readonly threshold?: CoarseThreshold;
}

export interface RefinedOptions extends CoarseOptions, Pick<Sharing, 'inclusive' | 'leastPrompts'> {
  /** Of the prompts, that a neuron must be coarse in more than; default: 0.5, as in the replication's README. */
  readonly share?: number;
  /** Prompts that another answer belongs to: what is coarse in any of them is left out. */
  readonly negativePrompts?: readonly string[];
}

export interface FindingOptions extends RefinedOptions {
  /** Each layer's convergence delta too, which integrated gradients alone have; default: false. */
  readonly convergence?: boolean;
  /**
   * Whether the scores are to be read, to 1e-6 of each prompt's highest; default: true. Neurons alone take fewer passes, and leave
   * `scores` empty.
   */
  readonly keepScores?: boolean;
}

/** The neurons of a fact, and what each of its prompts has to do with it. */
export interface FactNeurons extends Omit<FoundNeurons, 'prompts' | 'negatives'> {
  /** As the model has them in the first prompt. */
  readonly answerTokens: readonly string[];
  /** Each with the answer's probability and rank there: neurons are found for any answer, also for one that is no fact. */
  readonly prompts: readonly (AnswerStanding &
    FoundInPrompt & {
      readonly prompt: string;
      /** Of each layer, where they were asked for. */
      readonly convergenceDelta?: readonly number[];
    })[];
  readonly negativePrompts: readonly (FoundInPrompt & { readonly prompt: string })[];
}

/** A prompt and an answer as the model is asked: what stands before a later token of the answer is decided. */
export interface AskedPrompt {
  readonly prompt: string;
  /** One for each token of the answer. */
  readonly queries: readonly Query[];
}

export interface ChangeOptions {
  /** Leave the model changed, until `undo()`; default: false, everything is undone before the result is there. */
  readonly keep?: boolean;
}

/** A change of neurons' values, which are weights. */
export interface ChangedValues extends Changed {
  /** The neurons' values while they are changed, as `saveCheckpoint` takes them. */
  readonly values: LayerValues;
}

/** What a change did, and how to take it back. */
export interface Changed {
  /** The answer at each prompt; for an edit, the new answer. */
  readonly prompts: readonly PromptEffect[];
  /**
   * Takes back a change that was kept, bit for bit; does nothing where it was not, or was undone.
   * @throws UserError where a later change is still in place: the last is undone first
   */
  undo(): Promise<void>;
}
