/** What stands beside a run's own numbers where it is the paper's experiment, and that nothing does where it is not. */
import { describe, expect, it } from 'vitest';
import { textReport } from '../report/text.js';
import { showErasures } from './erasure/shown.js';
import { type ErasureEffect, erasureEffect } from './erasure/summary.js';
import type { InterventionName } from './facts/relation-means.js';
import { multipliedAsInPaper } from './facts/settings.js';
import { showFacts } from './facts/shown.js';
import type { InterventionSummary, Summary } from './facts/summary.js';
import type { RelationTuning } from './facts/tuned-relations.js';
import type { Shown } from './run/shown.js';
import { showUpdates } from './update/shown.js';
import type { UpdateEffect, UpdateSummary } from './update/summary.js';

const textOf = (shown: Shown) => textReport(shown, [], '').join('\n');
const FACTS = { selected: 27_610, skipped: [], failed: [] };
const HERE = { facts: 27_000, relations: 39 };

/** What the paper has, and no run of these tests. */
const NUMBERS =
  /29\.03|1\.47|31\.17|1\.27|48\.5|34\.4|4\.7%|\+8\.4|\+7\.2|10\.1|\+4\.3|106\.6|36\.7|128\.2|141\.2|paper/i;

describe('of interventions', () => {
  const change = { related: -0.2, unrelated: 0, baseline: -0.01, facts: 25_000 };
  const intervention: InterventionSummary = { overFacts: change, overRelations: change, relations: {} };
  const share = { share: 0.7, neuronsPerFact: 3, tries: 1 };
  const tuning: RelationTuning = {
    ...{ facts: 5, templates: 9, knowledge: share, baseline: share, factsWithTooFewPrompts: 0 },
  };
  const replication: Summary = {
    ...{ model: 'bert', facts: { ...FACTS, done: 27_610 }, neuronsPerFact: 3, accuracy: 0.5 },
    ...{ suppression: intervention, enhancement: intervention },
  };
  const dai: Summary = {
    ...replication,
    tuning: { P36: tuning, P30: tuning, P1001: { ...tuning, templates: 1 } },
    leftOutOfMeans: ['P1001'],
  };
  const text = (summary: Summary, asInPaper: InterventionName[]) =>
    textOf(showFacts(summary, true, asInPaper));

  it('are those of knowledge and of baseline neurons, and of how many facts they are', () => {
    const shown = text(dai, ['suppression', 'enhancement']);
    expect(shown).toMatch(/suppressing .* 25000 +-29\.03% +-1\.47%\n/);
    expect(shown).toMatch(/enhancing .* 25000 +\+31\.17% +-1\.27%\n/);
    expect(shown).toContain(
      'Paper: Dai et al., ACL 2022, Figures 4 and 5, of bert-base-cased and 27,738 facts of 34 relations; here 25,000 of 2',
    );
  });

  it("are none where the run is not the paper's, by whichever protocol", () => {
    expect(text(dai, [])).not.toMatch(NUMBERS);
    expect(text(replication, [])).not.toMatch(NUMBERS);
    // The replication's measure is another one.
    expect(text(replication, ['suppression', 'enhancement'])).not.toMatch(NUMBERS);
  });

  it('are those of suppressing alone where enhancing had another factor', () => {
    expect(multipliedAsInPaper({ enhancement: { factor: 2 } })).toEqual(['suppression', 'enhancement']);
    expect(multipliedAsInPaper({ enhancement: { factor: 3 } })).toEqual(['suppression']);
    expect(multipliedAsInPaper({})).toEqual(['suppression']);
    const shown = text(dai, ['suppression']);
    expect(shown).toContain('-29.03%');
    expect(shown).not.toContain('31.17');
    expect(text({ ...dai, suppression: null }, ['suppression'])).not.toMatch(NUMBERS);
  });
});

describe('of updates', () => {
  const stays = { before: 1, after: 1 };
  const effect: UpdateEffect = {
    ...{ facts: 390, changeRate: 0.5, successRate: 0.3, answerProbability: stays, targetProbability: stays },
    ...{ targetRank: stays, targetReciprocalRank: stays, same: null, other: null },
  };
  const summary: UpdateSummary = {
    ...{ model: 'bert', facts: { ...FACTS, updated: 390 }, neuronsPerFact: 3, relations: {} },
    overFacts: { knowledge: effect, random: effect },
  };

  it('are the whole of its table, random neurons too', () => {
    const shown = textOf(showUpdates(summary, [], HERE));
    expect(shown).toMatch(/paper: their neurons +48\.5% +34\.4% +\+8\.4 +\+7\.2\n/);
    expect(shown).toMatch(/paper: random neurons +4\.7% +0\.0% +\+10\.1 +\+4\.3\n/);
    expect(shown).toContain(
      'Table 6, of bert-base-cased and 27,738 facts of 34 relations; here 27,000 of 39',
    );
  });

  it("are none where the run is not the paper's", () => {
    expect(textOf(showUpdates(summary, []))).not.toMatch(NUMBERS);
  });
});

describe('of erasures', () => {
  const set = { log_perplexity: 1, accuracy: 1, prompts: 7 };
  const effect: ErasureEffect = erasureEffect({
    ...{ neurons: [[0, 1]], before: { own: set, others: set }, after: { own: set, others: set } },
  });
  const erased = (...relations: string[]) => ({
    ...{ model: 'bert', facts: FACTS, skippedRelations: [] },
    relations: Object.fromEntries(relations.map(relation => [relation, effect])),
  });

  it('are those of its four relations, and of all others beside each', () => {
    const shown = textOf(showErasures(erased('P19', 'P27', 'P106', 'P937', 'P36'), HERE));
    expect(shown).toMatch(/P19 .*\+106\.6% +\+1\.1%\n/);
    expect(shown).toMatch(/P27 .*\+36\.7% +\+4\.2%\n/);
    expect(shown).toMatch(/P106 .*\+128\.2% +\+4\.3%\n/);
    expect(shown).toMatch(/P937 .*\+141\.2% +\+10\.1%\n/);
    expect(shown).toMatch(/P36 .*0\.0% *\n/);
    expect(shown).toContain(
      'Table 7, of bert-base-cased and 27,738 facts of 34 relations; here 27,000 of 39',
    );
  });

  it("are none where the run is not the paper's, or has none of its relations", () => {
    expect(textOf(showErasures(erased('P19', 'P27')))).not.toMatch(NUMBERS);
    expect(textOf(showErasures(erased('P36'), HERE))).not.toMatch(NUMBERS);
  });
});
