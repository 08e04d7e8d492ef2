import type * as tf from '@tensorflow/tfjs-core';
import type { Beginning } from './language-model.js';
import { add } from './layers/add.js';
import { joinRows } from './layers/mask-rows.js';

/**
 * For each layer what begins in it. The passes in which nothing is replaced begin in the first, before its other ones, with the
 * traced activations.
 * @param traced of the first layer, [B, intermediateSize]
 * @param probe zeros of the same shape, where those passes go along
 * @param groups in which rows are kept: one, or one for each prompt
 */
export function beginningsByLayer(
  beginnings: readonly Beginning[],
  traced: tf.Tensor2D,
  probe: tf.Tensor2D | undefined,
  groups = 1,
): Map<number, Beginning> {
  const ofLayer = new Map(beginnings.map(beginning => [beginning.layer, beginning]));
  if (!probe) return ofLayer;
  const activations = add(traced, probe);
  const prompts = Array.from({ length: traced.shape[0] }, (_, prompt) => prompt);
  const others = ofLayer.get(0);
  ofLayer.set(
    0,
    others
      ? {
          layer: 0,
          prompts: joinedInGroups(prompts, others.prompts, groups),
          activations: joinRows(activations, others.activations, groups),
        }
      : { layer: 0, prompts, activations },
  );
  return ofLayer;
}

/** As joinRows joins rows. */
function joinedInGroups<T>(first: readonly T[], second: readonly T[], groups: number): T[] {
  const part = (all: readonly T[], group: number) =>
    all.slice((group * all.length) / groups, ((group + 1) * all.length) / groups);
  return Array.from({ length: groups }, (_, group) => [...part(first, group), ...part(second, group)]).flat();
}

/**
 * Where as many passes of every prompt begin in one layer.
 * @param activations [prompts * steps, intermediateSize], prompt by prompt
 */
export function evenBeginning(layer: number, activations: tf.Tensor2D, prompts: number): Beginning {
  const steps = activations.shape[0] / prompts;
  const ofPasses = Array.from({ length: prompts * steps }, (_, pass) => Math.floor(pass / steps));
  return { layer, prompts: ofPasses, activations };
}
