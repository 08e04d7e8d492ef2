import type { NeuronsOfFacts } from './neuron-file.js';

/** A bar of the paper's Figure 2. */
export interface LayerShare {
  /** From 0. */
  readonly layer: number;
  /** Summed over facts: a neuron of two facts counts twice. */
  readonly neurons: number;
  /** Of the neurons of all layers, a fraction. */
  readonly share: number;
}

/** The highest layer that has a neuron; undefined where there are no neurons. */
export function highestLayer(neurons: NeuronsOfFacts): number | undefined {
  let highest: number | undefined;
  for (const list of neurons.values())
    for (const [layer] of list) if (highest === undefined || layer > highest) highest = layer;
  return highest;
}

/**
 * How the facts' neurons lie over the model's layers (Dai et al., Figure 2).
 * @throws RangeError where a neuron lies in a layer that the model has not
 */
export function layerShares(neurons: NeuronsOfFacts, layers: number): LayerShare[] {
  const counts = new Array<number>(layers).fill(0);
  let total = 0;
  for (const list of neurons.values()) {
    for (const [layer] of list) {
      if (layer >= layers) throw new RangeError(`a neuron of layer ${layer}, where layers are ${layers}`);
      counts[layer]++;
      total++;
    }
  }
  return counts.map((count, layer) => ({ layer, neurons: count, share: total === 0 ? 0 : count / total }));
}
