/**
 * Something that the person at the keyboard can mend. Shown as one or two lines without a stack: what was
 * wrong and where (`message`), and what to do (`remedy`). Everything else that is thrown is a bug, and keeps its
 * stack.
 */
export class UserError extends Error {
  override readonly name: string = 'UserError';

  constructor(
    message: string,
    readonly remedy = '',
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A command line that means nothing: exit code 2 rather than 1. */
export class UsageError extends UserError {
  override readonly name = 'UsageError';
}

/** The code of a Node system error ("ENOENT"), or undefined where `error` is not one. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
