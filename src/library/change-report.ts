/** What erasing or editing a fact did: to it, to it in other words, and to facts that it is not about. */
import type { AnswerStanding } from '../intervention/distribution.js';
import type { Prediction } from '../intervention/prediction.js';
import type { EditRule, EraseValue, Lambdas } from '../intervention/value-rules.js';
import type { SavedCheckpoint } from '../model/checkpoint/save-checkpoint.js';
import type { Neuron } from '../neurons/neuron.js';
import type { SideEffects } from './side-effects.js';

export interface ValuePrediction extends Prediction {
  /** For an edit, how the new answer stands. */
  readonly target?: AnswerStanding;
}

export interface ChangedPrompt {
  readonly prompt: string;
  readonly before: ValuePrediction;
  readonly after: ValuePrediction;
}

/** What `--json` prints. */
export interface ChangeReport {
  readonly answer: string;
  /** As the model has them in the first prompt. */
  readonly answerTokens: readonly string[];
  /** For an edit, the new answer. */
  readonly target?: string;
  readonly targetTokens?: readonly string[];
  readonly erased?: EraseValue;
  /** For an edit: `original` is what it takes away. */
  readonly edited?: { readonly rule: EditRule; readonly original: string } & Lambdas;
  readonly neurons: readonly Neuron[];
  readonly prompts: readonly ChangedPrompt[];
  readonly otherPrompts: readonly ChangedPrompt[];
  /** Null where none were asked for. */
  readonly unrelated: ({ readonly data: string; readonly seed: number } & SideEffects) | null;
  /** At which every neuron scores 0, where neurons were found: they are as if they were not there. Absent where none is. */
  readonly silentPrompts?: readonly string[];
  readonly saved?: SavedCheckpoint;
}
