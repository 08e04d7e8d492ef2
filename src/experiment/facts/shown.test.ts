import { describe, expect, it } from 'vitest';
import { showFacts } from './shown.js';
import type { Summary } from './summary.js';

const CHANGE = { related: -0.5, unrelated: 0, facts: 2 };
const MEASURED = { overFacts: CHANGE, overRelations: CHANGE, relations: { P36: CHANGE } };

const textOf = (neuronsPerFact: number | null, measured: boolean, changed: boolean) => {
  const summary: Summary = {
    model: 'm',
    facts: { selected: 2, done: 2, skipped: [], failed: [] },
    ...{ neuronsPerFact, accuracy: null, suppression: changed ? MEASURED : null, enhancement: null },
  };
  return JSON.stringify(showFacts(summary, measured, []).text);
};

describe('a summary without changes', () => {
  it('says that no fact has a neuron', () => {
    expect(textOf(0, true, false)).toMatch(
      /No fact has a neuron, so nothing was changed and there is no fig/,
    );
    expect(textOf(0, false, false)).toMatch(/No fact has a neuron: give other/);
  });

  it('says that no fact counts, where none has neurons together with its unrelated fact', () => {
    expect(textOf(1.5, true, false)).toContain('No fact and its unrelated fact both have neurons');
  });

  it('says nothing where none was to be measured', () => {
    expect(textOf(1.5, false, false)).not.toContain('No fact');
    expect(textOf(null, false, false)).not.toContain('No fact');
  });

  it('says nothing where there are some, those of facts without neurons too (--protocol dai)', () => {
    expect(textOf(0, true, true)).not.toContain('No fact');
    expect(textOf(3, true, true)).not.toContain('No fact');
  });
});
