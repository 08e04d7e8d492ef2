/** Whether the GPU's numbers are those of the processor: the demo model's scores on webgpu against wasm. */
import { z } from 'zod';
import { Child } from './child.js';
import type { Accuracy } from './figures.js';

export const argumentSchema = z.object({ engine: z.enum(['wasm', 'webgpu']) });
const answerSchema = z.object({ scores: z.array(z.array(z.number().nullable())).nonempty() });

type Scores = readonly (readonly (number | null)[])[];

/** Two float32 engines differ by rounding, of 1e-6 here; a wrong kernel differs by far more than this. */
const TOLERANCE = 1e-4;

export async function compareWithWasm(): Promise<Accuracy> {
  const [webgpu, wasm] = await Promise.all([scoresOn('webgpu'), scoresOn('wasm')]);
  return accuracyOf(webgpu, wasm);
}

async function scoresOn(engine: 'wasm' | 'webgpu'): Promise<(number | null)[][]> {
  const child = Child.start('accuracy-child', { engine });
  try {
    return (await child.answer(answerSchema)).scores;
  } finally {
    await child.end();
  }
}

/**
 * @param scores of each prompt; null: a value that is no number, for which JSON has no other word
 * @param expected what they should be
 */
export function accuracyOf(scores: Scores, expected: Scores): Accuracy {
  const errors = expected.map((reference, prompt) => {
    const values = reference.map(value => value ?? Number.NaN);
    const differences = values.map((value, i) => value - (scores[prompt][i] ?? Number.NaN));
    return {
      relative: Math.hypot(...differences) / Math.hypot(...values),
      largest: largest(differences) / largest(values),
    };
  });
  const relativeError = Math.max(...errors.map(({ relative }) => relative));
  const largestError = Math.max(...errors.map(({ largest }) => largest));
  return {
    prompts: expected.length,
    relativeError: numberOrNull(relativeError),
    largestError: numberOrNull(largestError),
    tolerance: TOLERANCE,
    passed: relativeError <= TOLERANCE && largestError <= TOLERANCE, // false where one is no number
  };
}

const numberOrNull = (value: number) => (Number.isFinite(value) ? value : null);

const largest = (values: readonly number[]) => Math.max(...values.map(Math.abs));
