/** Whether the GPU's numbers are those of the processor: the demo model's scores on webgpu against wasm. */
import { z } from 'zod';
import { Child } from './child.js';
import type { Accuracy } from './figures.js';

export const argumentSchema = z.object({ engine: z.enum(['wasm', 'webgpu']) });
const answerSchema = z.object({ scores: z.array(z.array(z.number())).nonempty() });

/** Two float32 engines differ by rounding, of 1e-6 here; a wrong kernel differs by far more than this. */
const TOLERANCE = 1e-4;

export async function compareWithWasm(): Promise<Accuracy> {
  const [webgpu, wasm] = await Promise.all([scoresOn('webgpu'), scoresOn('wasm')]);
  return accuracyOf(webgpu, wasm);
}

async function scoresOn(engine: 'wasm' | 'webgpu'): Promise<number[][]> {
  const child = Child.start('accuracy-child', { engine });
  try {
    return (await child.answer(answerSchema)).scores;
  } finally {
    await child.end();
  }
}

/** @param scores of each prompt, and what they should be */
export function accuracyOf(
  scores: readonly (readonly number[])[],
  expected: readonly (readonly number[])[],
): Accuracy {
  const errors = expected.map((reference, prompt) => {
    const differences = reference.map((value, i) => value - scores[prompt][i]);
    return {
      relative: Math.hypot(...differences) / Math.hypot(...reference),
      largest: largest(differences) / largest(reference),
    };
  });
  const relativeError = Math.max(...errors.map(({ relative }) => relative));
  const largestError = Math.max(...errors.map(({ largest }) => largest));
  const passed = relativeError <= TOLERANCE && largestError <= TOLERANCE; // not where one is no number
  return { prompts: expected.length, relativeError, largestError, tolerance: TOLERANCE, passed };
}

const largest = (values: readonly number[]) => Math.max(...values.map(Math.abs));
