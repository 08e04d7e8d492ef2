import { getSystemErrorMap } from 'node:util';

/**
 * Something that the person at the keyboard can mend. Shown as one or two lines without a stack: what was
 * wrong and where (`message`), and what to do (`remedy`). Everything else that is thrown is a bug, and keeps its
 * stack.
 */
export class UserError extends Error {
  override readonly name: string = 'UserError';
  readonly remedy: string;

  constructor(message: string, remedy = '', options?: ErrorOptions) {
    super(short(message), options);
    this.remedy = short(remedy);
  }
}

/** No message is longer: files are quoted in some, and a file may hold anything. */
const MOST_LETTERS = 1000;

/** Cut in the middle where there is no end of it. */
function short(text: string): string {
  const half = MOST_LETTERS / 2;
  return text.length > MOST_LETTERS ? `${text.slice(0, half)} ... ${text.slice(-half)}` : text;
}

/** A command line that means nothing: exit code 2 rather than 1. */
export class UsageError extends UserError {
  override readonly name = 'UsageError';
}

/** An engine that does not start, in a worker: another may. */
export class EngineFault extends UserError {
  override readonly name = 'EngineFault';
}

/** A device's memory does not hold a batch: a smaller one may fit. */
export class OutOfMemoryError extends UserError {
  override readonly name = 'OutOfMemoryError';

  /** @param isLasting whether this process can compute nothing more, a smaller batch neither */
  constructor(
    message: string,
    remedy: string,
    readonly isLasting = false,
    options?: ErrorOptions,
  ) {
    super(message, remedy, options);
  }
}

/** Whoever started a long call has stopped it: Ctrl-C, a scheduler's signal, an AbortSignal. The message says what is left. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** The code of a Node system error ("ENOENT"), or undefined where `error` is not one. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Why a call failed, in the system's own words ("no space left on device") where it has some. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // What fetch hides behind "fetch failed".
  if (error instanceof TypeError && error.cause instanceof Error) return reasonOf(error.cause);
  const errno = 'errno' in error && typeof error.errno === 'number' ? error.errno : 0;
  // An AggregateError of several addresses tried has a code and no message.
  return (getSystemErrorMap().get(errno)?.[1] ?? error.message) || (systemErrorCode(error) ?? error.name);
}

/** A file or folder that the system refuses: "results/demo: cannot be written (permission denied)". */
export function refusedFile(
  path: string,
  refused: 'read' | 'written' | 'unpacked',
  error: unknown,
  remedy?: string,
): UserError {
  return new UserError(`${path}: cannot be ${refused} (${reasonOf(error)})`, remedy, { cause: error });
}
