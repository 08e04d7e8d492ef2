/** Tries an engine in a process of its own: one that crashes takes nothing else with it. */
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { CHILD_FLAGS, childEnvironment } from '../runtime/child-node.js';
import type { EngineName } from '../runtime/engine-names.js';
import { startChild } from './children.js';
import type { ProductShape } from './product-rate.js';

const rateSchema = z.object({
  shape: z.tuple([z.number(), z.number(), z.number()]).readonly(),
  gigaflops: z.number(),
});

const resultSchema = z.discriminatedUnion('usable', [
  z.object({
    usable: z.literal(true),
    version: z.string(),
    /** Whether it computes on a GPU through CUDA; why not, where it was made for that and a driver is here. */
    gpu: z.boolean(),
    notice: z.string().nullable(),
    /** GFLOPS of the fastest matrix product; null where it was not asked for. */
    gigaflops: z.number().nullable(),
    /** Of each product, where some were named. */
    products: z.array(rateSchema).optional(),
    /** Of every neuron, for each of some prompts of the demo model; null where they were not asked for. */
    scores: z.array(z.array(z.number().nullable())).nonempty().nullable(),
  }),
  z.object({ usable: z.literal(false), why: z.string(), remedy: z.string() }),
]);

export type ProbeResult = z.infer<typeof resultSchema>;

export interface Probe {
  readonly engine: EngineName;
  /** Measure its rate of products. */
  readonly bench: boolean;
  /** By these products, in ascending order of work; default: a large one. */
  readonly products?: readonly ProductShape[];
  /** Compute the demo model's scores. */
  readonly scores: boolean;
}

const CHILD = fileURLToPath(new URL('./probe-child.js', import.meta.url));

/** @param environment what the engine's process has beyond this one's */
export async function probe(
  probe: Probe,
  environment: Readonly<Record<string, string>> = {},
): Promise<ProbeResult> {
  const child = startChild(process.execPath, [...CHILD_FLAGS, CHILD, JSON.stringify(probe)], {
    ...environment,
    ...childEnvironment(),
  });
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null, string | null]>,
  ]);
  const line = stdout.trimEnd().split('\n').at(-1) ?? '';
  const parsed = resultSchema.safeParse(parseJson(line));
  if (parsed.success) return parsed.data;
  const lines = stderr.trimEnd().split('\n');
  const reason = lines.findLast(line => /^\w*Error\b/.test(line)) ?? lines.at(-1); // Node's own last line is its version
  const why = `its process ended with ${signal ?? `code ${code}`}${reason ? `: ${reason}` : ''}`;
  return { usable: false, why, remedy: '' };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
