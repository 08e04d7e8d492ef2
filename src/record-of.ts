import { z } from 'zod';

/** An object's values by their keys. zod's own record leaves out a key "__proto__" without a word. */
export function recordOf<Value>(value: z.ZodType<Value>) {
  return z
    .unknown()
    .refine(
      json => typeof json !== 'object' || json === null || !Object.hasOwn(json, '__proto__'),
      '"__proto__" is the name of nothing',
    )
    .pipe(z.record(z.string(), value));
}
