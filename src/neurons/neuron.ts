/** A feed-forward neuron: its layer and its index in that layer, both from 0. */
export type Neuron = readonly [layer: number, index: number];

/** More than any layer has: a higher number in a file is none of them. */
export const MOST_NEURONS = 2 ** 24;

export function compareNeurons([layerA, indexA]: Neuron, [layerB, indexB]: Neuron): number {
  return layerA - layerB || indexA - indexB;
}
