/** What `kn find` prints of one fact. */
import type { FoundNeurons } from '../../neurons/find.js';
import type { Neuron } from '../../neurons/neuron.js';
import type { Sharing } from '../../neurons/refined.js';
import { coloured } from '../../report/colour.js';
import { counted, table } from '../../report/table.js';
import type { OneFact } from '../commands/one-fact.js';
import { sharingText } from '../options/find-options.js';

export interface Finding {
  readonly fact: Pick<OneFact, 'answer' | 'prompts' | 'negativePrompts'>;
  readonly found: FoundNeurons;
  readonly sharing: Sharing;
  /** Of each prompt and layer, where they are to be shown. */
  readonly deltas: readonly (readonly number[])[] | undefined;
}

/** One JSON object. What nobody asked for is not in it: negative prompts, convergence deltas. */
export function foundJson({ fact, found, deltas }: Finding): string {
  const { answer, prompts, negativePrompts } = fact;
  const negatives = {
    removed: found.removed,
    negativePrompts: found.negatives.map(({ coarse }, i) => ({ prompt: negativePrompts[i], coarse })),
  };
  return JSON.stringify({
    answer,
    neurons: found.neurons,
    prompts: found.prompts.map(({ coarse }, i) => ({
      prompt: prompts[i],
      coarse,
      ...(deltas && { convergenceDelta: deltas[i] }),
    })),
    ...(negativePrompts.length > 0 && negatives),
  });
}

/** For people: tables of prompts, of refined neurons by layer, and of convergence deltas. */
export function foundText({ fact, found, sharing, deltas }: Finding): string {
  const { answer, prompts, negativePrompts } = fact;
  const coarse = found.prompts.map(({ coarse }, i) => [prompts[i], String(coarse.length)]);
  const count = coloured('bold', counted(found.neurons.length, 'refined neuron'), process.stdout);
  const lines = [
    table(['prompt', 'coarse neurons'], coarse),
    '',
    `${count} of "${answer}": coarse ${sharingText(sharing, counted(prompts.length, 'prompt'))}`,
  ];
  if (found.neurons.length > 0) lines.push(neuronTable(found.neurons));
  if (negativePrompts.length > 0) {
    const list = found.removed.map(([layer, index]) => ` [${layer},${index}]`).join('');
    lines.push(
      `${found.removed.length} more left out, being coarse in a negative prompt too${list && `:${list}`}`,
    );
  }
  if (deltas) lines.push('', deltaTable(deltas));
  return lines.join('\n');
}

function neuronTable(neurons: readonly Neuron[]): string {
  const layers = [...new Set(neurons.map(([layer]) => layer))];
  const rows = layers.map(layer => [
    `layer ${layer}`,
    neurons
      .filter(([of]) => of === layer)
      .map(([, index]) => index)
      .join(' '),
  ]);
  return table(['', 'neurons'], rows);
}

/** A row a layer, a column a prompt. */
function deltaTable(deltas: readonly (readonly number[])[]): string {
  const head = ['convergence delta', ...deltas.map((_, i) => `prompt ${i + 1}`)];
  const rows = deltas[0].map((_, layer) => [
    `layer ${layer}`,
    ...deltas.map(ofPrompt => ofPrompt[layer].toExponential(1)),
  ]);
  return table(head, rows, 'right');
}
