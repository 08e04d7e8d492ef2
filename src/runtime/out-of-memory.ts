import { OutOfMemoryError } from '../errors.js';

/** What libtensorflow (status 8, RESOURCE_EXHAUSTED), Node, and the wasm engine's C++ where it gets none say of it. */
const MESSAGES = [
  /^Message: OOM when allocating (.*)$/m,
  /^(Array buffer allocation failed)$/m,
  /^(Aborted\(\))/m,
];

/** The error as one of full memory, where it is one, whatever the engine's way to say so. */
export function asOutOfMemory(error: unknown): OutOfMemoryError | undefined {
  if (error instanceof OutOfMemoryError) return error;
  if (!(error instanceof Error)) return undefined;
  const message = error.message;
  if (!MESSAGES.some(pattern => pattern.test(message))) return undefined;
  return new OutOfMemoryError(
    "the machine's memory is full",
    'Take fewer --workers, or a smaller --batch-memory.',
    false,
    { cause: error },
  );
}
