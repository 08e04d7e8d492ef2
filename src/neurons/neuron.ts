/** A feed-forward neuron: its layer and its index in that layer, both from 0. */
export type Neuron = readonly [layer: number, index: number];

/** More than any model has, of layers and of neurons in one: a higher number in a file is none of them. */
export const [MOST_LAYERS, MOST_NEURONS] = [1000, 2 ** 24];

export function compareNeurons([layerA, indexA]: Neuron, [layerB, indexB]: Neuron): number {
  return layerA - layerB || indexA - indexB;
}
