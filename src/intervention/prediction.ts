import type { Query, Tokenizer } from '../model/tokenizer/tokenizer.js';
import {
  type AnswerStanding,
  type Distribution,
  standingOf,
  standingOfTokens,
  topTokens,
} from './distribution.js';

/** How many of the most probable tokens a prediction lists. */
const TOP = 5;

/** What a model makes of a prompt and an answer. */
export interface Prediction extends AnswerStanding {
  /** The most probable tokens, in the place of the answer's first. */
  readonly top: readonly { readonly token: string; readonly probability: number }[];
}

/** One prompt before and after an intervention. */
export interface PromptEffect {
  readonly prompt: string;
  readonly before: Prediction;
  readonly after: Prediction;
}

/**
 * @param queries one prompt's, one for each token of the answer
 * @param distributions one for each query
 */
export function predictionOf(
  tokenizer: Tokenizer,
  queries: readonly Query[],
  distributions: readonly Distribution[],
): Prediction {
  return {
    ...standingOfTokens(queries.map(({ answer }, i) => standingOf(answer, distributions[i]))),
    top: topTokens(distributions[0], TOP).map(({ id, probability }) => ({
      token: tokenizer.token(id),
      probability,
    })),
  };
}
