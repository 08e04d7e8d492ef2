import type { Dataset } from '../../dataset/dataset.js';
import type { Fact, FactKey } from '../../dataset/fact.js';
import { MASK } from '../../dataset/prompt.js';
import { UserError } from '../../errors.js';
import type { ModelShape } from '../../model/language-model.js';
import type { Tokenizer } from '../../model/tokenizer/tokenizer.js';
import { areGiven, type Stages, type UnrelatedDraw } from '../facts/stages.js';
import { drawNegatives, type NegativesDraw } from './negatives.js';
import { drawUnrelated } from './unrelated.js';

/** A fact that a run leaves out, and why. */
export interface SkippedFact extends FactKey {
  readonly reason: string;
}

export interface RunPlan {
  readonly facts: readonly FactKey[];
  readonly skipped: readonly SkippedFact[];
}

/**
 * Sets aside the facts that cannot be asked: those whose object the vocabulary lacks or has in too many tokens, those with
 * a prompt that the model does not take or, for a causal one, with fewer than two that end with the object, and those that
 * the given neurons lack, where any are given.
 * @param model what it takes
 * @throws UserError where no fact is left
 */
export function planRun(
  dataset: Dataset,
  tokenizer: Tokenizer,
  { maxTokens, causal }: Pick<ModelShape, 'maxTokens' | 'causal'>,
  { neurons, maxAnswerTokens }: Partial<Pick<Stages, 'neurons'>> & Pick<Stages, 'maxAnswerTokens'>,
): RunPlan {
  const facts: FactKey[] = [];
  const skipped: SkippedFact[] = [];
  for (const fact of dataset.facts) {
    const found = tokenizer.lookUp(fact.object);
    const reason =
      'problem' in found
        ? `the object ${found.problem}`
        : found.ids.length > maxAnswerTokens
          ? `the object is ${found.ids.length} tokens, and --max-answer-tokens is ${maxAnswerTokens}`
          : neurons && areGiven(neurons) && !neurons.of(fact.uuid)
            ? 'no neurons given for it'
            : ((causal ? tooFewPrompts(dataset.patternsOf(fact.relation)) : undefined) ??
              promptProblem(dataset.withPrompts(fact), found.ids, tokenizer, maxTokens));
    if (reason === undefined) facts.push(fact);
    else skipped.push({ ...fact, reason });
  }
  if (facts.length > 0) return { facts, skipped };
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

/** What keeps a fact's prompts from being asked, or undefined. */
function promptProblem(
  { subject, prompts }: Fact,
  answer: readonly number[],
  tokenizer: Tokenizer,
  maxTokens: number,
): string | undefined {
  // A prompt has no more tokens than bytes, but for [CLS] and [SEP]; so hardly any needs to be looked at.
  const most = (prompt: string) => Buffer.byteLength(prompt) + answer.length + 2;
  const suspects = subject.includes(MASK) ? prompts : prompts.filter(prompt => most(prompt) > maxTokens);
  try {
    for (const prompt of suspects) tokenizer.ask(prompt, answer, maxTokens);
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

/** The unrelated fact of each fact of a plan; none where no intervention is measured. */
export function unrelatedFacts(
  { facts }: RunPlan,
  unrelated: UnrelatedDraw | null,
): ReadonlyMap<string, FactKey> {
  return unrelated ? drawUnrelated(facts, unrelated.rule, unrelated.seed) : new Map();
}

/** The facts that lend each fact of a plan their subjects; none where no negative prompts are asked for. */
export function negativeFacts(
  { facts }: RunPlan,
  negatives: NegativesDraw | null,
): ReadonlyMap<string, readonly FactKey[]> {
  return negatives ? drawNegatives(facts, negatives) : new Map();
}
