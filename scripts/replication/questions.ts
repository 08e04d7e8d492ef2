import type { Dataset } from '../../src/dataset/dataset.js';
import { UserError } from '../../src/errors.js';
import { answerIds, type Tokenizer } from '../../src/model/tokenizer/tokenizer.js';
import { factsInTurn } from './facts.js';
import type { Question } from './findings.js';

/**
 * Of a data set's facts so many, as both are asked about them.
 * @throws UserError where there is none that both can be asked about
 */
export function questionsOf(dataset: Dataset, tokenizer: Tokenizer, count: number): Question[] {
  const facts = factsInTurn(dataset, tokenizer, count);
  if (facts.length === 0)
    throw new UserError('no fact whose object is one token of the vocabulary', 'Give other --data.');
  // The token itself, since the replication takes what it is given for one.
  return facts.map(({ prompts, object }) => ({
    prompts,
    answer: tokenizer.token(answerIds(tokenizer, object)[0]),
  }));
}
