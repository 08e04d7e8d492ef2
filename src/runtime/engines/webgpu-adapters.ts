/** The adapters (GPUs, and programs that play one) that Dawn finds on this machine, and which of them is taken. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { UserError } from '../../errors.js';
import { CHILD_FLAGS } from '../child-node.js';
import { isFromOutside, MOST_STARTS } from '../signals-from-outside.js';
import { EngineAbsent } from './absent.js';
import { gpuBackend } from './gpu-backend.js';

const adapterSchema = z.object({
  name: z.string(),
  /** It computes on the processor: SwiftShader, llvmpipe, WARP. */
  software: z.boolean(),
  vendor: z.string(),
  architecture: z.string(),
  /** The driver's own words on itself. */
  driver: z.string(),
  /** Of the largest tensor. */
  maxBufferBytes: z.number(),
});

export type Adapter = z.infer<typeof adapterSchema>;

/** What one is chosen by. */
type Named = Pick<Adapter, 'name' | 'software'>;

/** What the child prints: the adapters, or why there can be none. */
const answerSchema = z.union([z.array(adapterSchema), z.object({ absent: z.string(), remedy: z.string() })]);

export type AdapterAnswer = z.infer<typeof answerSchema>;

/** The name or number of the adapter to take, as the user gives it. */
export const ADAPTER_VARIABLE = 'KN_WEBGPU_ADAPTER';

// The built file, whether this is that or its source: tests start it too.
const CHILD = fileURLToPath(
  new URL('../../../dist/runtime/engines/webgpu-adapters-child.js', import.meta.url),
);

/** A driver that takes longer than this to say what it has will not compute either. In ms. */
const PATIENCE = 60_000;

/**
 * All adapters, in Dawn's order: the fast before those that save power. They are listed in a process of their own,
 * since Dawn prints to standard error wherever there is none, and a broken driver takes a process with it.
 * @throws EngineAbsent where Dawn is not installed, UserError where the driver does not answer
 */
export async function listAdapters(): Promise<Adapter[]> {
  try {
    const { stdout } = await askChild();
    const answer = answerSchema.parse(JSON.parse(stdout));
    if ('absent' in answer) throw new EngineAbsent(answer.absent, answer.remedy);
    return answer;
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `the GPU's driver does not answer: ${reasonOfChild(error)}`,
      'Mend the driver, or leave --engine out.',
      { cause: error },
    );
  }
}

/** A signal from outside says nothing of the driver: another process is asked then. */
async function askChild(): Promise<{ stdout: string }> {
  for (let start = 1; ; start++) {
    try {
      return await promisify(execFile)(process.execPath, [...CHILD_FLAGS, CHILD], { timeout: PATIENCE });
    } catch (error) {
      const { signal, timedOut } = endOf(error);
      if (timedOut || signal === undefined || !isFromOutside(signal) || start === MOST_STARTS) throw error;
    }
  }
}

/** By which signal a process ended, and whether its time was over. */
function endOf(error: unknown): { readonly signal: string | undefined; readonly timedOut: boolean } {
  if (!(error instanceof Error)) return { signal: undefined, timedOut: false };
  const signal = 'signal' in error && typeof error.signal === 'string' ? error.signal : undefined;
  return { signal, timedOut: 'killed' in error && error.killed === true };
}

/** How the process ended: the last line that it printed, or the signal that killed it. */
function reasonOfChild(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { signal } = endOf(error);
  if (signal) return `asked for its adapters, its process ended with ${signal}`;
  const stderr = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr : '';
  return stderr.trimEnd().split('\n').at(-1) || error.message.split('\n')[0];
}

/** The adapters that are GPUs and that Dawn can tell apart: the first of each name. */
export function gpusOf<One extends Named>(adapters: readonly One[]): One[] {
  return adapters.filter(
    (adapter, i) => !adapter.software && adapters.findIndex(({ name }) => name.includes(adapter.name)) === i,
  );
}

/**
 * The adapter to compute on: the first that is a GPU, or the one asked for.
 * @param asked its number in `adapters`, or a part of its name, upper or lower case; undefined or empty: any GPU
 * @param said how the user asked, for messages
 * @throws EngineAbsent where there is none, UserError where there is not the one asked for
 */
export function chooseAdapter<One extends Named>(
  adapters: readonly One[],
  asked: string | undefined,
  said = `${ADAPTER_VARIABLE}=${asked}`,
): One {
  const listed = adapters.map(({ name }, i) => `${i} ${name}`).join(', ');
  if (!asked) {
    const gpu = adapters.find(({ software }) => !software);
    if (gpu) return gpu;
    if (adapters.length === 0)
      throw new EngineAbsent('WebGPU finds no GPU here', `It needs one with a driver for ${gpuBackend()}.`);
    throw new EngineAbsent(
      `WebGPU finds no GPU here, only a program that plays one (${listed}), slower than the wasm engine`,
      `--devices "webgpu:${adapters[0].name}" takes it all the same.`,
    );
  }
  const byNumber = /^\d+$/.test(asked) ? adapters[Number(asked)] : undefined;
  const name = asked.toLowerCase();
  const chosen = byNumber ?? adapters.find(adapter => adapter.name.toLowerCase().includes(name));
  if (!chosen) {
    throw new UserError(
      `${said}: no such adapter`,
      adapters.length === 0 ? 'WebGPU finds none here.' : `There are: ${listed}.`,
    );
  }
  if (byNumber?.software)
    throw new UserError(
      `${said}: that is a program that plays a GPU (${byNumber.name}), slower than the wasm engine`,
      'Ask for it by its name, if that is what you want.',
    );
  // Dawn takes the first adapter whose name has the given one in it.
  const taken = adapters.findIndex(adapter => adapter.name.includes(chosen.name));
  if (adapters[taken] !== chosen) {
    throw new UserError(
      `${said}: Dawn cannot tell this adapter from number ${taken}, ${adapters[taken].name}`,
      'Take that one, or hide it from this process.',
    );
  }
  return chosen;
}
