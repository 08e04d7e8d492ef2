/** Changes of neurons' values in a model's memory: erasing, editing, and taking either back. */
import { UsageError } from '../errors.js';
import type { LanguageModel } from '../model/language-model.js';
import type { LoadedModel } from '../model/load.js';
import { answersOf, type Query } from '../model/tokenizer/tokenizer.js';
import type { Neuron } from '../neurons/neuron.js';
import { topTokens } from './distribution.js';
import { intervene } from './intervene.js';
import {
  type EditRule,
  type EraseValue,
  edited,
  erased,
  type Lambdas,
  meanEmbedding,
  type ValueRule,
} from './value-rules.js';

/** Values by neuron, a layer at a time: [hidden] each. */
export type LayerValues = ReadonlyMap<number, ReadonlyMap<number, Float32Array>>;

export interface ValueChange {
  /** What the changed neurons' values are now. */
  readonly values: LayerValues;
  /** Puts the old values back, bit for bit. Of several changes, the last is undone first. */
  undo(): Promise<void>;
}

/**
 * Gives neurons the values that a rule makes of theirs. A neuron that stands twice in the list is changed once. Where a
 * layer cannot be written, those before it are as they were.
 * @throws RangeError where a neuron is not one of the model's
 */
export async function changeValues(
  model: LanguageModel,
  neurons: readonly Neuron[],
  rule: ValueRule,
): Promise<ValueChange> {
  const old: LayerValues = await readNeuronValues(model, neurons);
  const values = new Map<number, ReadonlyMap<number, Float32Array>>();
  const undo = async () => {
    for (const layer of values.keys()) await model.writeValues(layer, old.get(layer) ?? new Map());
  };
  try {
    for (const [layer, rows] of old) {
      const changed = new Map([...rows].map(([index, value]) => [index, rule(value)]));
      await model.writeValues(layer, changed);
      values.set(layer, changed);
    }
  } catch (error) {
    await undo();
    throw error;
  }
  return { values, undo };
}

async function readNeuronValues(model: LanguageModel, neurons: readonly Neuron[]): Promise<LayerValues> {
  const indices = new Map<number, Set<number>>();
  for (const [layer, index] of neurons) {
    if (!(layer < model.layers && index < model.intermediateSize))
      throw new RangeError(`the model has no neuron [${layer}, ${index}]`);
    indices.set(layer, (indices.get(layer) ?? new Set()).add(index));
  }
  const values = new Map<number, ReadonlyMap<number, Float32Array>>();
  for (const [layer, ofLayer] of indices) {
    const list = [...ofLayer];
    const rows = await model.readValues(layer, list);
    values.set(layer, new Map(list.map((index, i) => [index, rows[i]])));
  }
  return values;
}

/** @throws UsageError where the model has no unknown token to erase with */
export async function eraseRule({ model, tokenizer }: LoadedModel, value: EraseValue): Promise<ValueRule> {
  if (value === 'zero') return erased();
  const { unknownId } = tokenizer;
  if (unknownId === undefined) {
    throw new UsageError(
      'the model has no unknown token: its vocabulary lacks nothing, as that of any GPT',
      'Erase with --value zero.',
    );
  }
  const [unknown] = await model.wordEmbeddings([unknownId]);
  return erased(unknown);
}

export interface Edit {
  readonly rule: EditRule;
  readonly lambdas: Lambdas;
  /** Token ids of what is to be forgotten: what {@link originalOf} says. */
  readonly original: readonly number[];
  /** Token ids of the new answer. EleutherAI's rule takes the first of them, as it takes the first of what goes. */
  readonly target: readonly number[];
}

export async function editRule(
  model: LanguageModel,
  { rule, lambdas, original, target }: Edit,
): Promise<ValueRule> {
  const embedding = async (ids: readonly number[]) => meanEmbedding(await model.wordEmbeddings(ids));
  const coming = rule === 'eleutherai' ? target.slice(0, 1) : target;
  return edited(rule, lambdas, await embedding(original), await embedding(coming));
}

/**
 * What an edit takes away: in the paper's rule the fact's answer, in EleutherAI's what the model itself puts in the
 * place of the answer's first token.
 * @param queries of one prompt, as it asks for the fact's answer
 */
export async function originalOf(
  model: LanguageModel,
  rule: EditRule,
  queries: readonly Query[],
): Promise<readonly number[]> {
  if (rule === 'paper') return answersOf(queries);
  const [{ before }] = await intervene(model, queries.slice(0, 1), [], []);
  return topTokens(before, 1).map(({ id }) => id);
}
