/** Traces that outlive their first use: what a fact's neurons are found from, its interventions start from again. */
import * as tf from '@tensorflow/tfjs-core';
import type { LanguageModel, PromptBatch, Site, Trace } from './language-model.js';

/** Of what a batch may take, the share for traces between the passes that start from them: a fact's few megabytes. */
export const SHARE_OF_KEPT_TRACES = 1 / 8;

/** Traces of a model whose weights stay as they are. Dispose of them when the work is done. */
export class KeptTraces {
  private readonly kept = new Map<string, Trace>();
  private bytes = 0;

  /** @param mostBytes that they may take together; what is traced beyond that is not kept */
  constructor(
    private readonly model: LanguageModel,
    private readonly mostBytes: number,
  ) {}

  /** The model, but that it keeps what it traces, and traces nothing that is kept. */
  keeping(): LanguageModel {
    return withOwn(this.model, { trace: (batch, site) => this.keep(batch, site) });
  }

  /**
   * A trace of this batch, whose products had the same rows as a new one's would: its numbers are the same to the last bit.
   * Whoever takes it disposes of it.
   * @returns one that was kept, which is kept no longer, or a new one
   */
  take(batch: PromptBatch, site?: Site): Trace {
    const key = keyOf(batch, site);
    const kept = this.kept.get(key);
    if (!kept) return this.model.trace(batch, site);
    this.kept.delete(key);
    return kept;
  }

  dispose(): void {
    for (const trace of this.kept.values()) trace.dispose();
    this.kept.clear();
  }

  private keep(batch: PromptBatch, site?: Site): Trace {
    const key = keyOf(batch, site);
    let trace = this.kept.get(key);
    if (!trace) {
      const before = tf.memory().numBytes;
      trace = this.model.trace(batch, site);
      const bytes = tf.memory().numBytes - before;
      if (this.bytes + bytes > this.mostBytes) return trace;
      this.bytes += bytes;
      this.kept.set(key, trace);
    }
    return withOwn(trace, { dispose: () => undefined });
  }
}

function keyOf({ tokens, positions }: PromptBatch, site: Site = 'post'): string {
  return JSON.stringify([site, tokens, positions]);
}

/** An object as it is, but for some methods. */
function withOwn<T extends object>(of: T, own: Partial<T>): T {
  return new Proxy(of, { get: (_, name) => Reflect.get(name in own ? own : of, name) });
}
