/** What the config.json files of all architectures are read with. */
import { z } from 'zod';
import { UserError } from '../errors.js';
import { NONLINEARITY_NAMES, type Nonlinearity } from './layers/nonlinearity.js';
import { MOST_LAYERS } from './most-layers.js';

export const positive = z.int().positive();

export const layerCount = positive.max(MOST_LAYERS);

/** @throws UserError, naming `path` and the field, where one is missing or of another kind */
export function parseFields<T>(schema: z.ZodType<T>, json: unknown, path: string): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UserError(`${path}: "${issue?.path.join('.')}": ${issue?.message}`);
}

/** @throws UserError where kn does not know the non-linearity */
export function nonlinearityOf(field: string, name: string, path: string): Nonlinearity {
  const known = NONLINEARITY_NAMES.get(name);
  if (known) return known;
  throw new UserError(
    `${path}: "${field}" is ${name}; kn computes ${[...NONLINEARITY_NAMES.keys()].join(', ')}`,
  );
}

/** @throws UserError where the hidden row cannot be divided among the heads */
export function checkHeads(hiddenSize: number, heads: number, path: string): void {
  if (hiddenSize % heads !== 0)
    throw new UserError(
      `${path}: ${hiddenSize} hidden values cannot be divided among ${heads} attention heads`,
    );
}
