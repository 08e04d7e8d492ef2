import type { Path } from '../../src/attribution/methods.js';
import { type ScorePrompts, scorePromptsOn } from '../../src/attribution/score-prompts.js';
import type { ScoredPrompt } from '../../src/attribution/scores.js';
import { undecidedScores } from '../../src/attribution/undecided.js';
import type { LanguageModel } from '../../src/model/language-model.js';
import { type FoundNeurons, findNeurons, findNeuronsBy } from '../../src/neurons/find.js';
import { type Traced, tracedSince } from '../bench/operations-done.js';
import type { AskedFact } from './model-and-facts.js';
import type { StudyOptions } from './options.js';

/** What one path found, and what that took. */
export interface FoundBy {
  readonly found: FoundNeurons;
  readonly seconds: number;
  readonly traced: Traced;
}

export interface FoundByBoth {
  /** By the exact path. */
  readonly scored: readonly ScoredPrompt[];
  /** For each threshold, in their order. */
  readonly found: readonly Readonly<Record<Path, FoundBy>>[];
}

/**
 * A fact's neurons at every threshold. The exact scores are computed once; the interpolated path, which computes what its threshold
 * takes, goes anew for each.
 * @param traced what the model traces is counted there
 */
export async function findByBoth(
  model: LanguageModel,
  traced: Traced,
  { queries }: AskedFact,
  {
    rule,
    steps,
    site,
    share,
    thresholds,
  }: Pick<StudyOptions, 'rule' | 'steps' | 'site' | 'share' | 'thresholds'>,
): Promise<FoundByBoth> {
  const measured = async <Of>(body: () => Promise<Of>) => {
    const [start, before] = [performance.now(), new Map(traced)];
    const value = await body();
    return { value, seconds: (performance.now() - start) / 1000, traced: tracedSince(before, traced) };
  };
  const asked = { rule, steps, site };
  const { value: scored, ...work } = await measured(() =>
    scorePromptsOn(model)(queries, { ...asked, path: 'exact' }, undecidedScores),
  );
  // Asked for negative prompts too, of which there are none.
  const kept: ScorePrompts = async prompts => prompts.map((_, i) => scored[i]);
  const found: Record<Path, FoundBy>[] = [];
  for (const threshold of thresholds) {
    const exact = await findNeuronsBy(kept, queries, { ...asked, threshold, share });
    const { value, ...took } = await measured(() =>
      findNeurons(model, queries, { ...asked, path: 'interpolated', threshold, share, keepScores: false }),
    );
    found.push({ exact: { found: exact, ...work }, interpolated: { found: value, ...took } });
  }
  return { scored, found };
}
