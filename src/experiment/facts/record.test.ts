import { describe, expect, it } from 'vitest';
import { type FactRecord, joinRecords } from './record.js';

const effects = {
  related: { pct_change: [-0.5], correct_before: [true], correct_after: [false], n_prompts: 1 },
  unrelated: { pct_change: [0], correct_before: [true], correct_after: [true], n_prompts: 1 },
};

describe('two lines of one fact', () => {
  it('add up: effects to neurons, and effects of one kind to those of another', () => {
    const found: FactRecord = { uuid: 'a', neurons: [[0, 1]] };
    const suppressed = joinRecords(found, { uuid: 'a', suppression: effects });
    expect(suppressed).toEqual({ ...found, suppression: effects });
    expect(joinRecords(suppressed, { uuid: 'a', enhancement: effects })).toEqual({
      ...found,
      suppression: effects,
      enhancement: effects,
    });
  });

  it('lose effects whose own neurons are lost, when neurons are found again', () => {
    const orphan: FactRecord = { uuid: 'a', suppression: effects, enhancement: effects };
    const again = joinRecords(orphan, { uuid: 'a', neurons: [[0, 2]], suppression: effects });
    expect(again).toEqual({ uuid: 'a', neurons: [[0, 2]], suppression: effects });
  });
});
