/** What can be asked of the library's class, and what it answers. */
import type { AskedMethod } from '../attribution/methods.js';
import type { PromptEffect } from '../intervention/prediction.js';
import type { Continuation } from '../model/continuation-names.js';
import type { Site } from '../model/language-model.js';
import type { CoarseThreshold } from '../neurons/coarse.js';

export interface KnowledgeNeuronsOptions {
  /** Where neurons are read and changed: after the non-linearity (`post`, the default) or before it. */
  readonly site?: Site;
  /** What stands before a later token of an answer of several; default: `answer`. */
  readonly continuation?: Continuation;
  /** What the values of a batch may take, in bytes; default: what suits the engine. */
  readonly batchBytes?: number;
}

/** How neurons are scored and chosen. Defaults: integrated gradients, `riemann_endpoints`, 20 steps, adaptive 0.3. */
export interface CoarseOptions {
  readonly method?: AskedMethod;
  readonly threshold?: CoarseThreshold;
}

export interface RefinedOptions extends CoarseOptions {
  /** Of the prompts, that a neuron must be coarse in more than; default: 0.5, as in the replication's README. */
  readonly share?: number;
  /** Prompts that another answer belongs to: what is coarse in any of them is left out. */
  readonly negativePrompts?: readonly string[];
}

export interface ChangeOptions {
  /** Leave the model changed, until `undo()`; default: false, everything is undone before the result is there. */
  readonly keep?: boolean;
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
