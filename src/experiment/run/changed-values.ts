import { changeValues } from '../../intervention/value-changes.js';
import type { ValueRule } from '../../intervention/value-rules.js';
import type { LanguageModel } from '../../model/language-model.js';
import type { Neuron } from '../../neurons/neuron.js';

/** The model's weights may be others than its checkpoint's: whoever holds the model computes nothing more with it. */
export class WeightsInDoubt extends Error {
  override readonly name = 'WeightsInDoubt';
}

/**
 * Does `work` while neurons have the values that a rule gives them, and puts the old ones back, bit for bit, also where the
 * work fails.
 * @throws WeightsInDoubt where values could not be written or put back; else what `work` throws
 */
export async function withChangedValues<Result>(
  model: LanguageModel,
  neurons: readonly Neuron[],
  rule: ValueRule,
  work: () => Promise<Result>,
): Promise<Result> {
  const inDoubt = (error: unknown): never => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new WeightsInDoubt(`the neurons' values could not be changed and put back: ${reason}`, {
      cause: error,
    });
  };
  const change = await changeValues(model, neurons, rule).catch(inDoubt);
  try {
    return await work();
  } finally {
    await change.undo().catch(inDoubt);
  }
}
