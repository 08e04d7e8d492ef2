/** Tries an engine in a process of its own: one that crashes takes nothing else with it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { EngineName } from '../runtime/engine-names.js';

const resultSchema = z.discriminatedUnion('usable', [
  z.object({
    usable: z.literal(true),
    version: z.string(),
    /** Whether it computes on a GPU through CUDA; why not, where it was made for that and a driver is here. */
    gpu: z.boolean(),
    notice: z.string().nullable(),
    /** GFLOPS of a large matrix product; null where it was not asked for. */
    gigaflops: z.number().nullable(),
    /** Of every neuron, for a prompt of the demo model; null where they were not asked for. */
    scores: z.array(z.number()).nullable(),
  }),
  z.object({ usable: z.literal(false), why: z.string(), remedy: z.string() }),
]);

export type ProbeResult = z.infer<typeof resultSchema>;

export interface Probe {
  readonly engine: EngineName;
  /** Measure its rate of products. */
  readonly bench: boolean;
  /** Compute the demo model's scores. */
  readonly scores: boolean;
}

const CHILD = fileURLToPath(new URL('./probe-child.js', import.meta.url));

/** @param environment what the engine's process has beyond this one's */
export async function probe(
  probe: Probe,
  environment: Readonly<Record<string, string>> = {},
): Promise<ProbeResult> {
  const child = spawn(process.execPath, [CHILD, JSON.stringify(probe)], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null, string | null]>,
  ]);
  const line = stdout.trimEnd().split('\n').at(-1) ?? '';
  const parsed = resultSchema.safeParse(parseJson(line));
  if (parsed.success) return parsed.data;
  const last = stderr.trimEnd().split('\n').at(-1) ?? '';
  return { usable: false, why: `its process ended with ${signal ?? `code ${code}`}: ${last}`, remedy: '' };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
