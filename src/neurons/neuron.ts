/** A feed-forward neuron: its layer and its index in that layer, both from 0. */
export type Neuron = readonly [layer: number, index: number];

export function compareNeurons([layerA, indexA]: Neuron, [layerB, indexB]: Neuron): number {
  return layerA - layerB || indexA - indexB;
}
