import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { reasonOf, UserError } from '../../src/errors.js';
import { type Findings, METHOD, type Question } from './findings.js';

export interface ReplicationSettings {
  /** The checkout of EleutherAI/knowledge-neurons. */
  readonly checkout: string;
  readonly python: string;
  readonly threads: number;
  /** Steps that go through the model at once. */
  readonly batchSize: number;
}

export interface Versions {
  readonly python: string;
  readonly torch: string;
  readonly transformers: string;
  readonly threads: number;
}

/** The replication with one model loaded, in a Python process of its own that waits between questions. */
export class Replication {
  private constructor(
    readonly versions: Versions,
    private readonly answers: AsyncIterator<string>,
    private readonly questions: Writable,
  ) {}

  static async start(
    { checkout, python, threads, batchSize }: ReplicationSettings,
    model: string,
  ): Promise<Replication> {
    const script = fileURLToPath(new URL('./measure.py', import.meta.url));
    const args = [script, checkout, model, threads, batchSize, METHOD.steps].map(String);
    const quiet = { TRANSFORMERS_VERBOSITY: 'error', HF_HUB_DISABLE_PROGRESS_BARS: '1', HF_HUB_OFFLINE: '1' };
    const child = spawn(python, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...quiet },
    });
    try {
      await once(child, 'spawn');
    } catch (error) {
      throw new UserError(
        `${python}: cannot be run (${reasonOf(error)})`,
        'Give --python a Python that has torch, transformers, einops, numpy and tqdm.',
      );
    }
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return new Replication(await answer(lines), lines, child.stdin);
  }

  async find({ prompts, answer: token }: Question): Promise<Findings> {
    const { threshold, share } = METHOD;
    this.questions.write(`${JSON.stringify({ prompts, answer: token, threshold, share })}\n`);
    return answer(this.answers);
  }

  close(): void {
    this.questions.end();
  }
}

async function answer<T>(lines: AsyncIterator<string>): Promise<T> {
  const { value, done } = await lines.next();
  if (done) throw new UserError('the Python process ended; what it said is above');
  return JSON.parse(value);
}
