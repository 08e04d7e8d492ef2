/** The rotary embeddings that a config.json asks for, in its old form (`rope_theta`, `rope_scaling`) and its new one (`rope_parameters`). */
import { z } from 'zod';
import { malformed, notComputed, parseFields } from '../config-fields.js';
import type { Rotary } from '../layers/rotary.js';

/** Settings of one rope: where they are nested, each kind of layer has its own. */
const scalingSchema = z
  .object({
    rope_type: z.string().optional(),
    /** Its old name. */
    type: z.string().optional(),
    rope_theta: z.number().positive().optional(),
    partial_rotary_factor: z.number().positive().max(1).optional(),
    factor: z.number().positive().optional(),
    low_freq_factor: z.number().positive().optional(),
    high_freq_factor: z.number().positive().optional(),
    original_max_position_embeddings: z.number().int().positive().optional(),
  })
  .catchall(z.union([z.number(), z.string(), z.boolean(), z.null(), z.array(z.number())]));

const schema = z.object({
  rope_theta: z.number().positive().optional(),
  partial_rotary_factor: z.number().positive().max(1).optional(),
  rope_scaling: scalingSchema.nullish(),
  rope_parameters: scalingSchema.nullish(),
  original_max_position_embeddings: z.number().int().positive().optional(),
});

/**
 * @param json of config.json
 * @param headSize columns of a head
 * @throws UserError, naming `path` and the key, where it asks for embeddings that kn does not compute
 */
export function parseRotary(json: unknown, path: string, headSize: number, usualTheta = 10_000): Rotary {
  const config = parseFields(schema, json, path);
  // As in transformers: the old form where a file has both, unless it is empty.
  const isOld = Object.keys(config.rope_scaling ?? {}).length > 0;
  const key = isOld ? 'rope_scaling' : 'rope_parameters';
  const scaling = config[key] ?? {};
  const share = scaling.partial_rotary_factor ?? config.partial_rotary_factor ?? 1;
  checkTurned(path, headSize);
  const asked = Math.trunc(headSize * share);
  // As in transformers: of an odd number the last has one more for its pair.
  const size = 2 * Math.ceil(asked / 2);
  if (size < 2 || size > headSize)
    throw malformed(
      path,
      `"partial_rotary_factor" turns ${asked} of ${headSize} columns of a head: not pairs`,
    );
  const theta = scaling.rope_theta ?? config.rope_theta ?? usualTheta;
  const plain = plainFrequencies(asked, theta);
  const need = (
    field: 'factor' | 'low_freq_factor' | 'high_freq_factor' | 'original_max_position_embeddings',
  ) => {
    const value = scaling[field];
    if (value === undefined) throw malformed(path, `"${key}" has no "${field}"`);
    return value;
  };
  const type = scaling.rope_type ?? scaling.type ?? 'default';
  switch (type) {
    case 'default':
      return { size, frequencies: plain };
    case 'linear':
      return { size, frequencies: plain.map(frequency => frequency / need('factor')) };
    case 'llama3': {
      const stretch = {
        factor: need('factor'),
        low: need('low_freq_factor'),
        high: need('high_freq_factor'),
        // As in transformers: that beside the rope's settings comes before that among them.
        context: config.original_max_position_embeddings ?? need('original_max_position_embeddings'),
      };
      return { size, frequencies: plain.map(frequency => llama3(frequency, stretch)) };
    }
    default:
      throw notComputed(path, `"${key}" is of the type "${type}"`, '"default", "linear" and "llama3"');
  }
}

/** Far above any model's: a damaged file may ask for a billion, of which each has a frequency. */
const MOST_COLUMNS = 2 ** 16;

/** @throws UserError where heads are wider than any model's */
export function checkTurned(path: string, columns: number): void {
  if (columns > MOST_COLUMNS)
    throw malformed(path, `heads of ${columns} columns, and kn turns ${MOST_COLUMNS} at the most`);
}

/** Of so many columns, radians from one token to the next, for each pair. */
export function plainFrequencies(columns: number, theta: number): number[] {
  return Array.from({ length: Math.ceil(columns / 2) }, (_, i) => theta ** ((-2 * i) / columns));
}

/** What Llama 3.1 does to a frequency: slow ones are divided by the factor, fast ones stay, between them it changes over. */
function llama3(
  frequency: number,
  { factor, low, high, context }: { factor: number; low: number; high: number; context: number },
): number {
  const turns = (context * frequency) / (2 * Math.PI);
  if (turns > high) return frequency;
  if (turns < low) return frequency / factor;
  const share = (turns - low) / (high - low);
  return ((1 - share) * frequency) / factor + share * frequency;
}
