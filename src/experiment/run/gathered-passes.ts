/**
 * Facts done side by side on one model, so that prompts of different facts share batches. A product is the faster the more rows it has,
 * and is started as often for a small one; of one fact, two or three prompts have the same length. Which do: facts-together.ts.
 *
 * Each fact's work is an async function that asks for scores and predictions. What it asks waits until every other work waits
 * too, or is done; then requests of one kind go through the model together.
 */
import { type ScorePrompts, scorePromptsOn } from '../../attribution/score-prompts.js';
import type { ScoredPrompt } from '../../attribution/scores.js';
import type { Distribution } from '../../intervention/distribution.js';
import { type AskedUnder, type Predict, predictOn } from '../../intervention/intervene.js';
import { KeptTraces, SHARE_OF_KEPT_TRACES } from '../../model/kept-traces.js';
import type { LanguageModel } from '../../model/language-model.js';
import { ofEachPrompt } from '../../model/prompt-batches.js';
import type { Query } from '../../model/tokenizer/tokenizer.js';

/** What the work of a fact asks a model. */
export interface Passes {
  readonly score: ScorePrompts;
  readonly predict: Predict;
}

/** Each asked at once, by itself. */
export function passesOn(model: LanguageModel, batchBytes: number): Passes {
  return { score: scorePromptsOn(model), predict: predictOn(model, batchBytes) };
}

/** The same for some work in which predictions start from what was traced for scores, where that is kept. */
export async function keepingTraces<Result>(
  model: LanguageModel,
  batchBytes: number,
  work: (passes: Passes) => Promise<Result>,
): Promise<Result> {
  const traces = new KeptTraces(model, SHARE_OF_KEPT_TRACES * batchBytes);
  try {
    return await work({
      score: scorePromptsOn(traces.keeping()),
      predict: predictOn(model, batchBytes, (batch, site) => traces.take(batch, site)),
    });
  } finally {
    traces.dispose();
  }
}

/**
 * Does works side by side.
 * @param works of one fact each; what they wait for, but `passes`, must end by itself
 * @returns what each came to
 * @throws what the first that failed threw, after all have ended
 */
export async function gather<Result>(
  { score, predict }: Passes,
  works: readonly ((passes: Passes) => Promise<Result>)[],
): Promise<Result[]> {
  const scoring = new Map<string, Waiting<readonly Query[], ScoredPrompt>>();
  const predicting = new Map<string, Waiting<AskedUnder, Distribution[]>>();
  let busy = works.length;

  const rest = () => {
    if (--busy === 0) void answerAll();
  };
  async function answerAll(): Promise<void> {
    const kinds = [...scoring.values(), ...predicting.values()];
    scoring.clear();
    predicting.clear();
    const goOn: (() => void)[] = [];
    for (const kind of kinds) goOn.push(...(await kind.answer()));
    busy = goOn.length;
    for (const one of goOn) one();
  }

  const gathered: Passes = {
    score(prompts, options, undecided) {
      // What is undecided follows from the options: those of finding, which name the threshold.
      const kind = JSON.stringify(options);
      const waiting = scoring.get(kind) ?? new Waiting(all => score(all, options, undecided));
      scoring.set(kind, waiting);
      const scores = waiting.add(prompts);
      rest();
      return scores;
    },
    predict(asked, site) {
      const kind = JSON.stringify([site, asked[0]?.sets.length]);
      const waiting = predicting.get(kind) ?? new Waiting(all => predict(all, site));
      predicting.set(kind, waiting);
      const predictions = waiting.add(asked);
      rest();
      return predictions;
    },
  };
  const ended = await Promise.allSettled(works.map(work => work(gathered).finally(rest)));
  return ended.map(one => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}

/** Requests of one kind, which can be answered together. */
class Waiting<Asked, Answer> {
  private readonly requests: {
    readonly asked: readonly Asked[];
    readonly resolve: (answers: readonly Answer[]) => void;
    readonly reject: (reason: unknown) => void;
  }[] = [];

  /** @param together gives an answer for each of what all ask, in order */
  constructor(private readonly together: (asked: readonly Asked[]) => Promise<readonly Answer[]>) {}

  add(asked: readonly Asked[]): Promise<readonly Answer[]> {
    return new Promise((resolve, reject) => {
      this.requests.push({ asked, resolve, reject });
    });
  }

  /** @returns for each request what lets whoever made it go on */
  async answer(): Promise<(() => void)[]> {
    const { requests } = this;
    const asked = requests.map(({ asked }) => asked);
    try {
      const answers = ofEachPrompt(asked, await this.together(asked.flat()));
      return requests.map(
        ({ resolve }, i) =>
          () =>
            resolve(answers[i]),
      );
    } catch (error) {
      return requests.map(
        ({ reject }) =>
          () =>
            reject(error),
      );
    }
  }
}
