/** What the config.json files of all architectures are read with. */
import { z } from 'zod';
import { UserError } from '../errors.js';
import { NONLINEARITY_NAMES, type Nonlinearity } from './layers/nonlinearity.js';
import { MOST_LAYERS } from './most-layers.js';

export const positive = z.int().positive();

export const layerCount = positive.max(MOST_LAYERS);

/** What no configuration of a model says. */
export function malformed(path: string, what: string): UserError {
  return new UserError(`${path}: ${what}`, 'The file is damaged, or not of this model: fetch it again.');
}

/** @throws UserError, naming `path` and the field, where one is missing or of another kind */
export function parseFields<T>(schema: z.ZodType<T>, json: unknown, path: string): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw malformed(path, `"${issue?.path.join('.')}": ${issue?.message}`);
}

/**
 * What a configuration asks for and kn does not compute.
 * @param what the key and its value: `"is_decoder" is true`
 * @param computed what kn computes in its place
 */
export function notComputed(path: string, what: string, computed: string): UserError {
  return new UserError(
    `${path}: ${what}; kn computes ${computed}`,
    'Choose another model: passed over, this would give other numbers than transformers does.',
  );
}

/** @throws UserError where a field has another value than the only one that kn computes */
export function demand(path: string, field: string, actual: unknown, expected: unknown): void {
  if (actual !== expected) throw notComputed(path, `"${field}" is ${actual}`, `${expected} alone`);
}

/** @throws UserError where kn does not know the non-linearity */
export function nonlinearityOf(field: string, name: string, path: string): Nonlinearity {
  const known = NONLINEARITY_NAMES.get(name);
  if (known) return known;
  throw notComputed(path, `"${field}" is ${name}`, [...NONLINEARITY_NAMES.keys()].join(', '));
}

/** @throws UserError where the hidden row cannot be divided among the heads */
export function checkHeads(hiddenSize: number, heads: number, path: string): void {
  if (hiddenSize % heads !== 0)
    throw malformed(path, `${hiddenSize} hidden values cannot be divided among ${heads} attention heads`);
}
