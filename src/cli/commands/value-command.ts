/** What `kn erase` and `kn edit` do with one fact. */
import { UsageError, UserError } from '../../errors.js';
import { changeValues, editRule, eraseRule, originalOf } from '../../intervention/value-changes.js';
import type { EditRule, EraseValue, Lambdas, ValueRule } from '../../intervention/value-rules.js';
import type { SideEffects } from '../../library/side-effects.js';
import { askPrompts } from '../../model/continuation.js';
import { checkSavePlace, type SavedCheckpoint, saveCheckpoint } from '../../model/save.js';
import { answerIds } from '../../model/tokenizer/tokenizer.js';
import type { Neuron } from '../../neurons/neuron.js';
import { checkNeurons } from '../../neurons/neuron-file.js';
import { findOptionsOfFact, refuseIdleNegatives } from '../options/find-options.js';
import type { ValueOptions } from '../options/value-options.js';
import { Interrupted } from '../output/exit.js';
import { interruptible } from '../output/interrupt.js';
import { printValueReport } from '../output/value-report.js';
import { findNeuronsOfFact, neuronsOfOption, type OneFact, prepareFact, readPrompts } from './one-fact.js';
import {
  type AskedPrompt,
  askUnrelated,
  openData,
  predictionsOf,
  sideEffectsOf,
  standingsOf,
  type ValuePrediction,
} from './value-effects.js';

export type AskedChange =
  | { readonly change: 'erase'; readonly value: EraseValue }
  | { readonly change: 'edit'; readonly to: string; readonly rule: EditRule; readonly lambdas: Lambdas };

export interface ChangedPrompt {
  readonly prompt: string;
  readonly before: ValuePrediction;
  readonly after: ValuePrediction;
}

/** What `--json` prints. */
export interface ValueReport {
  readonly answer: string;
  /** For an edit, the new answer. */
  readonly target?: string;
  readonly erased?: EraseValue;
  /** For an edit: `original` is what it takes away. */
  readonly edited?: { readonly rule: EditRule; readonly original: string } & Lambdas;
  readonly neurons: readonly Neuron[];
  readonly prompts: readonly ChangedPrompt[];
  readonly otherPrompts: readonly ChangedPrompt[];
  /** Null where none were asked for. */
  readonly unrelated: ({ readonly data: string; readonly seed: number } & SideEffects) | null;
  readonly saved?: SavedCheckpoint;
}

/**
 * Finds the neurons unless they are given, changes their values, and prints before and after.
 * @returns the exit code
 */
export async function changeFact(options: ValueOptions, asked: AskedChange): Promise<number> {
  const attribution = findOptionsOfFact(options);
  refuseIdleNegatives(options);
  const { prompt, prompts, answer, save } = options;
  if (answer === undefined || (prompt ?? prompts) === undefined)
    throw new UsageError(
      `kn ${asked.change} needs --prompt and --answer`,
      'Give a sentence with [MASK] for the answer (for a GPT one that ends there), and the answer that it has now.',
    );
  if (save !== undefined) await checkSavePlace(save);
  const given = options.neurons === undefined ? undefined : await neuronsOfOption(options.neurons);
  const otherPrompts = [
    ...(options.otherPrompt ?? []),
    ...(options.otherPrompts === undefined ? [] : await readPrompts(options.otherPrompts)),
  ];
  const fact = await prepareFact(options);
  const { causal } = fact.model;
  const data = options.unrelatedFacts === 0 ? undefined : await openData(options, causal, fact.progress);
  if (given) checkNeurons(given, fact.model);
  const { rule, ...described } = await ruleOf(fact, asked);
  const own = await askAll(fact, fact.prompts, options, asked);
  const other = await askAll(fact, otherPrompts, options, asked);
  const named = {
    prompts: [...fact.prompts, ...otherPrompts],
    answers: asked.change === 'edit' ? [fact.answer, asked.to] : [fact.answer],
  };
  const unrelated = data ? await askUnrelated(fact, data, named, options) : [];

  const neurons = given ?? (await findNeuronsOfFact(fact, attribution)).neurons;
  if (save !== undefined && neurons.length === 0)
    throw new UserError(
      'no neuron to change was found, so that nothing is saved',
      'A lower --share finds more.',
    );
  const measure = async () => ({
    own: await predictionsOf(fact, own),
    other: await predictionsOf(fact, other),
    unrelated: await standingsOf(fact, unrelated),
  });
  const before = await measure();
  const { values } = await changeValues(fact.model, neurons, rule);
  const after = await measure();
  const saved =
    save === undefined
      ? undefined
      : await savedIn(save, signal => saveCheckpoint(fact.folder, values, save, signal));
  const changed = (prompts: readonly AskedPrompt[], which: 'own' | 'other'): ChangedPrompt[] =>
    prompts.map(({ prompt }, i) => ({ prompt, before: before[which][i], after: after[which][i] }));
  const report: ValueReport = {
    answer: fact.answer,
    ...described,
    neurons,
    prompts: changed(own, 'own'),
    otherPrompts: changed(other, 'other'),
    unrelated: data
      ? { data: data.name, seed: options.seed, ...sideEffectsOf(before.unrelated, after.unrelated) }
      : null,
    ...(saved && { saved }),
  };
  await printValueReport(report, options, given ? undefined : attribution);
  return 0;
}

/** What becomes of a value, and how the report says it. */
async function ruleOf(
  fact: OneFact,
  asked: AskedChange,
): Promise<{ rule: ValueRule } & Pick<ValueReport, 'target' | 'erased' | 'edited'>> {
  if (asked.change === 'erase') return { rule: await eraseRule(fact, asked.value), erased: asked.value };
  const { model, tokenizer, queries } = fact;
  const { to, rule, lambdas } = asked;
  const target = answerIds(tokenizer, to);
  const original = await originalOf(model, rule, queries[0]);
  return {
    rule: await editRule(model, { rule, lambdas, original, target }),
    target: to,
    edited: { rule, original: rule === 'paper' ? fact.answer : tokenizer.token(original[0]), ...lambdas },
  };
}

async function askAll(
  { model, tokenizer, answer }: OneFact,
  prompts: readonly string[],
  { continuation }: ValueOptions,
  asked: AskedChange,
): Promise<AskedPrompt[]> {
  const ask = (of: string) => askPrompts(model, tokenizer, prompts, answerIds(tokenizer, of), continuation);
  const [answers, targets] = [await ask(answer), asked.change === 'edit' ? await ask(asked.to) : undefined];
  return prompts.map((prompt, i) => ({
    prompt,
    answer: answers[i],
    ...(targets && { target: targets[i] }),
  }));
}

/** Stopped by Ctrl-C, a half-written folder is taken away. */
async function savedIn(
  folder: string,
  save: (signal: AbortSignal) => Promise<SavedCheckpoint>,
): Promise<SavedCheckpoint> {
  return interruptible(async signal => {
    try {
      return await save(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new Interrupted(`Interrupted. Nothing was left at ${folder}.`);
    }
  });
}
