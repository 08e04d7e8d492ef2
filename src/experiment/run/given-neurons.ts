/** Neurons that a run is given, and need not find. */
import { createHash } from 'node:crypto';
import type { Neuron } from '../../neurons/neuron.js';
import { checkNeurons, parseNeurons, readNeuronFiles } from '../../neurons/neuron-file.js';

/** By uuid; undefined for a fact that it was given none for. */
export interface GivenNeurons {
  readonly of: (uuid: string) => readonly Neuron[] | undefined;
  /** Of all of them: says which they were. */
  readonly sha256: string;
  /** @throws UserError where one is none of the model's */
  readonly check: (model: Parameters<typeof checkNeurons>[1]) => void;
}

/**
 * @param given a list for all facts, as text or as it is; or the path of a neuron file, or of a folder of them
 * @throws UserError where there is no such file, or it is malformed
 */
export async function readGivenNeurons(given: string | readonly Neuron[]): Promise<GivenNeurons> {
  const forAll = typeof given === 'string' ? parseNeurons(given) : given;
  const byFact =
    forAll === undefined && typeof given === 'string'
      ? await readNeuronFiles(given)
      : new Map<string, Neuron[]>();
  const content = JSON.stringify(forAll ?? [...byFact].sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    of: uuid => forAll ?? byFact.get(uuid),
    sha256: createHash('sha256').update(content).digest('hex'),
    check: model => {
      for (const neurons of forAll ? [forAll] : byFact.values()) checkNeurons(neurons, model);
    },
  };
}
