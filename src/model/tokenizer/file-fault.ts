import { ZodError } from 'zod';
import { UserError } from '../../errors.js';
import { UnbuiltPart } from './parts/unbuilt-part.js';

/** What to do about a tokenizer's file that is none. */
export const FETCH_AGAIN = 'The file is damaged or of another kind: fetch it again.';

/**
 * Does what reads or uses a file; what it stumbles over is the file's fault.
 * @throws UserError, naming the file
 */
export function blamingFile<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (error instanceof UnbuiltPart)
      throw new UserError(
        `${path}: ${error.message}`,
        'Choose a model with another tokenizer: kn takes the ids that Python takes, or none.',
      );
    throw new UserError(`${path}: not a tokenizer that kn can use (${whatIsWrong(error)})`, FETCH_AGAIN);
  }
}

/** In a few words; of several things the first. */
export function whatIsWrong(error: unknown): string {
  if (!(error instanceof ZodError)) return error instanceof Error ? error.message : String(error);
  const [issue] = error.issues;
  return issue?.path.length ? `its ${issue.path.join('.')}: ${issue.message}` : 'not a JSON object';
}
