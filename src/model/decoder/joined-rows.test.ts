import { describe, expect, it } from 'vitest';
import { JoinedRows } from './joined-rows.js';

describe('the rows of a joined pass', () => {
  it('lie prompt by prompt where as many begin for each', () => {
    const rows = new JoinedRows([{ prompts: [0, 0, 2, 2] }, { prompts: [0, 2] }], 0);
    expect(rows.prompts).toEqual([0, 2]);
    expect(rows.groups).toBe(2);
    expect(rows.arrangement([0, 0, 0, 2, 2, 2])).toBeUndefined();
    // Of each prompt two rows of the first beginning and one of the second.
    expect(rows.order()).toEqual([0, 1, 3, 4, 2, 5]);
  });

  it('have those in which nothing is replaced first', () => {
    const rows = new JoinedRows([{ prompts: [0, 0, 1, 1] }], 2);
    expect(rows.order()).toEqual([0, 3, 1, 2, 4, 5]);
  });

  it('stay as they began where one prompt has more than another, and attention finds places for them', () => {
    const rows = new JoinedRows([{ prompts: [1] }], 3);
    expect(rows.groups).toBe(1);
    expect(rows.order()).toEqual([0, 1, 2, 3]);
    const arrangement = rows.arrangement([0, 1, 2, 1]);
    expect(arrangement?.back).toEqual([0, 2, 4, 3]);
    expect(arrangement?.places).toHaveLength(3 * 2);
    [0, 1, 2, 3].forEach(row => {
      expect(arrangement?.places[arrangement.back[row]]).toBe(row);
    });
  });

  it('need no places where there is one prompt', () => {
    const rows = new JoinedRows([{ prompts: [4, 4, 4] }, { prompts: [4] }], 0);
    expect(rows.arrangement([4, 4, 4])).toBeUndefined();
    expect(rows.order()).toEqual([0, 1, 2, 3]);
  });
});
