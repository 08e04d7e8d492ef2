/** What `kn find` prints of one fact. */
import { silentPrompts } from '../../library/find-neurons-of-fact.js';
import type { FactNeurons } from '../../library/options.js';
import { sharingText, whyNoNeurons } from '../../library/why-no-neurons.js';
import type { Neuron } from '../../neurons/neuron.js';
import type { Sharing } from '../../neurons/refined.js';
import { counted, percent } from '../../numbers.js';
import { coloured } from '../../report/colour.js';
import { table } from '../../report/table.js';
import { rankName, tokensNote } from './answer-tokens.js';
import { silentText } from './silent-text.js';

export interface Finding {
  readonly answer: string;
  readonly found: FactNeurons;
  readonly sharing: Sharing;
  /** Whether convergence deltas are to be shown. */
  readonly convergence: boolean;
}

/** One JSON object. What nobody asked for is not in it: negative prompts, convergence deltas. */
export function foundJson({ answer, found, convergence }: Finding): string {
  const { answerTokens, neurons, removed, prompts, negativePrompts } = found;
  const negatives = {
    removed,
    negativePrompts: negativePrompts.map(({ prompt, coarse, silent }) => ({
      prompt,
      coarse,
      ...(silent && { silent }),
    })),
  };
  return JSON.stringify({
    answer,
    answerTokens,
    neurons,
    prompts: prompts.map(({ prompt, probability, rank, coarse, silent, convergenceDelta }) => ({
      prompt,
      probability,
      rank,
      coarse,
      ...(silent && { silent }),
      ...(convergence && convergenceDelta && { convergenceDelta }),
    })),
    ...(negativePrompts.length > 0 && negatives),
  });
}

/** For people: tables of prompts and how the answer stands in them, of refined neurons by layer, and of convergence deltas. */
export function foundText({ answer, found, sharing, convergence }: Finding): string[] {
  const { answerTokens, neurons, removed, prompts, negativePrompts } = found;
  const rows = prompts.map(({ prompt, probability, rank, coarse }) => [
    prompt,
    ...[percent(probability), String(rank), String(coarse.length)],
  ]);
  const speaking = prompts.filter(({ silent }) => !silent).length;
  const count = coloured('bold', counted(neurons.length, 'refined neuron'), process.stdout);
  const lines = [
    ...table(['prompt', `probability of "${answer}"`, rankName(answerTokens), 'coarse neurons'], rows),
    ...tokensNote(answer, answerTokens),
    '',
    `${count} of "${answer}": coarse ${sharingText(sharing, counted(speaking, 'prompt'))}`,
    ...silentText(silentPrompts(found)),
  ];
  const why = removed.length === 0 && whyNoNeurons(found, sharing);
  if (why) lines.push(why);
  if (neurons.length > 0) lines.push(...neuronTable(neurons));
  if (negativePrompts.length > 0) {
    const list = removed.map(([layer, index]) => ` [${layer},${index}]`).join('');
    lines.push(`${removed.length} more left out, being coarse in a negative prompt too${list && `:${list}`}`);
  }
  const deltas = prompts.flatMap(({ convergenceDelta }) => (convergenceDelta ? [convergenceDelta] : []));
  if (convergence && deltas.length > 0) lines.push('', ...deltaTable(deltas));
  return lines;
}

function neuronTable(neurons: readonly Neuron[]): string[] {
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
function deltaTable(deltas: readonly (readonly number[])[]): string[] {
  const head = ['convergence delta', ...deltas.map((_, i) => `prompt ${i + 1}`)];
  const rows = deltas[0].map((_, layer) => [
    `layer ${layer}`,
    ...deltas.map(ofPrompt => ofPrompt[layer].toExponential(1)),
  ]);
  return table(head, rows, 'right');
}
