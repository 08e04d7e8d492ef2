import type { Dataset } from '../../dataset/dataset.js';
import type { Fact, FactKey } from '../../dataset/fact.js';
import { MASK } from '../../dataset/prompt.js';
import { UserError } from '../../errors.js';
import type { ModelShape } from '../../model/language-model.js';
import type { FoundAnswer, Tokenizer } from '../../model/tokenizer/tokenizer.js';
import type { SkippedFact } from './outcome.js';

export interface AskableFacts {
  readonly facts: readonly FactKey[];
  readonly skipped: readonly SkippedFact[];
  /** Of each fact, by uuid. */
  readonly sizes: ReadonlyMap<string, FactSize>;
}

export interface FactSize {
  /** Of all prompts, one for each token that the answer has there. */
  readonly queries: number;
  /** The most that the answer has in any. */
  readonly answerTokens: number;
}

/**
 * Sets aside the facts that cannot be asked: those whose object the vocabulary lacks or has in too many tokens, those with
 * a prompt that the model does not take or, for a causal one, with fewer than two that end with the object, and those that
 * the given neurons lack, where any are given.
 * @param model what it takes
 * @param hasNeurons whether neurons are given for a fact, where any are
 * @throws UserError where no fact is left
 */
export function askableFacts(
  dataset: Dataset,
  tokenizer: Tokenizer,
  { maxTokens, causal }: Pick<ModelShape, 'maxTokens' | 'causal'>,
  {
    maxAnswerTokens,
    hasNeurons = () => true,
  }: { readonly maxAnswerTokens: number; readonly hasNeurons?: (uuid: string) => boolean },
): AskableFacts {
  const sizeOrReason = (fact: FactKey): FactSize | string => {
    const found = tokenizer.lookUp(fact.object);
    if ('problem' in found) return `the object ${found.problem}`;
    const asked = dataset.withPrompts(fact);
    const answers = asked.prompts.map(prompt => idsOr(tokenizer.lookUp(fact.object, prompt), found.ids));
    const answerTokens = answers.reduce((most, { length }) => Math.max(most, length), 0) || found.ids.length;
    if (answerTokens > maxAnswerTokens)
      return `the object is ${answerTokens} tokens, and --max-answer-tokens is ${maxAnswerTokens}`;
    if (!hasNeurons(fact.uuid)) return 'no neurons given for it';
    const problem =
      (causal ? tooFewPrompts(dataset.patternsOf(fact.relation)) : undefined) ??
      promptProblem(asked, answers, tokenizer, maxTokens);
    return problem ?? { queries: answers.reduce((sum, { length }) => sum + length, 0), answerTokens };
  };
  const facts: FactKey[] = [];
  const skipped: SkippedFact[] = [];
  const sizes = new Map<string, FactSize>();
  for (const fact of dataset.facts) {
    const found = sizeOrReason(fact);
    if (typeof found === 'string') {
      skipped.push({ ...fact, reason: found });
    } else {
      facts.push(fact);
      sizes.set(fact.uuid, found);
    }
  }
  if (facts.length > 0) return { facts, skipped, sizes };
  throw new UserError(
    `none of the ${skipped.length} facts can be asked: of the first, ${skipped[0].reason}`,
    maxAnswerTokens < Number.POSITIVE_INFINITY
      ? 'Choose other data with --data, another model, or a higher --max-answer-tokens.'
      : 'Choose other data with --data, or another model.',
  );
}

/** A relation that a causal model can be asked by one pattern alone, or by none, has nothing to refine neurons by. */
const FEWEST_PROMPTS = 2;

function tooFewPrompts({ all, asked }: { readonly all: number; readonly asked: number }): string | undefined {
  if (asked >= FEWEST_PROMPTS) return undefined;
  return `${asked} of its ${all} prompts end${asked === 1 ? 's' : ''} with the object, and a causal model needs ${FEWEST_PROMPTS}`;
}

/** An answer that has tokens has some in every prompt. */
function idsOr(found: FoundAnswer, ids: readonly number[]): readonly number[] {
  return 'ids' in found ? found.ids : ids;
}

/** What keeps a fact's prompts from being asked, or undefined. */
function promptProblem(
  { subject, prompts }: Fact,
  answers: readonly (readonly number[])[],
  tokenizer: Tokenizer,
  maxTokens: number,
): string | undefined {
  const { mask = MASK } = tokenizer;
  const hasMask = [MASK, mask].some(text => subject.includes(text));
  // A prompt has no more tokens than bytes, but for those around it ([CLS] and [SEP]) and a space or two that a tokenizer puts at its mask; so
  // hardly any needs to be looked at.
  const mayBeLong = (prompt: string, i: number) =>
    Buffer.byteLength(prompt.normalize('NFKC')) + answers[i].length + 4 > maxTokens;
  try {
    for (const [i, prompt] of prompts.entries())
      if (hasMask || mayBeLong(prompt, i)) tokenizer.ask(prompt, answers[i], maxTokens);
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}
