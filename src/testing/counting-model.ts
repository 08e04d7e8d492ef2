/** A model that counts what is asked of it. */
import type { LanguageModel, Trace } from '../model/language-model.js';

/** One call of `resumeTogether`. */
export interface ResumedTogether {
  /** Passes that began in each layer. */
  readonly ofLayers: readonly number[];
  /** Passes in which nothing is replaced. */
  readonly whole: number;
}

export interface Counts {
  traces: number;
  readonly resumed: ResumedTogether[];
}

export function countingModel(model: LanguageModel): {
  readonly counting: LanguageModel;
  readonly counts: Counts;
} {
  const counts: Counts = { traces: 0, resumed: [] };
  const countingTrace = (trace: Trace): Trace =>
    withOwn(trace, {
      resumeTogether(beginnings, probes) {
        const ofLayers = Array.from({ length: model.layers }, () => 0);
        for (const { layer, prompts } of beginnings) ofLayers[layer] += prompts.length;
        counts.resumed.push({ ofLayers, whole: probes ? trace.prompts : 0 });
        return trace.resumeTogether(beginnings, probes);
      },
    });
  const counting = withOwn(model, {
    trace(batch, site) {
      counts.traces += batch.tokens.length;
      return countingTrace(model.trace(batch, site));
    },
  });
  return { counting, counts };
}

function withOwn<T extends object>(of: T, own: Partial<T>): T {
  return new Proxy(of, { get: (_, name) => Reflect.get(name in own ? own : of, name) });
}
