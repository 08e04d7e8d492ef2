import type { z } from 'zod';
import { UsageError } from '../../errors.js';

/** @throws UsageError, naming the part, where it is not what the schema asks for */
export function readRequest<Request>(schema: z.ZodType<Request>, asked: unknown): Request {
  const parsed = schema.safeParse(asked);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue?.path.join('.');
  throw new UsageError(
    place ? `the request's ${place}: ${issue?.message}` : `the request: ${issue?.message}`,
    'docs/requests.md says what a request may hold.',
  );
}
