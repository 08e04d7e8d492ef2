/** Whether an engine's numbers are those of another: every neuron's score for some prompts. */

/** Of each prompt, every neuron's; null: a value that is no number, for which JSON has no other word. */
export type PromptScores = readonly (readonly (number | null)[])[];

export interface Accuracy {
  readonly prompts: number;
  /** ||scores - expected|| / ||expected||, and the largest difference over the largest score, of the worst prompt; null: no number. */
  readonly relativeError: number | null;
  readonly largestError: number | null;
  readonly tolerance: number;
  readonly passed: boolean;
}

/** Two float32 engines differ by rounding, of 1e-6 here; a wrong kernel differs by far more than this. */
const TOLERANCE = 1e-4;

export function accuracyOf(scores: PromptScores, expected: PromptScores): Accuracy {
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
