/** Erasures of relations, on hand-computed cases. */
import { describe, expect, it } from 'vitest';
import type { Neuron } from '../../neurons/neuron.js';
import { countPrompts } from '../../neurons/prompt-counts.js';
import { tuneShare } from '../../neurons/tune-share.js';
import { csvText } from '../../report/csv.js';
import { randomNeurons } from '../../testing/random-neurons.js';
import type { ErasureRecord } from './record.js';
import { completeErasure, designOf } from './request.js';
import { erasureSettings } from './settings.js';
import { type ErasureSummary, erasureData, erasureEffect } from './summary.js';
import { mostFrequent } from './work.js';

const set = (perplexity: number, accuracy: number) => ({
  log_perplexity: Math.log(perplexity),
  accuracy,
  prompts: 7,
});

const RECORD: ErasureRecord = {
  neurons: [
    [0, 1],
    [1, 2],
  ],
  before: { own: set(4, 1), others: set(10, 0.5) },
  after: { own: set(10, 0.25), others: set(11, 0.5) },
};

describe("a relation's neurons", () => {
  // [1, 9] of three facts, [0, 4] of two, [1, 3] and then [1, 2] of one.
  const lists: Neuron[][] = [
    [[1, 9], [1, 3], [0, 4]],
    [[1, 9], [0, 4], [1, 2]],
    [[1, 9]],
  ]; // biome-ignore format: a fact a line

  it('are those that the most facts have, the first in the model where as many have them', () => {
    const ties = 'layer and index';
    expect(mostFrequent(lists, { top: 3, ties }).join(' ')).toBe('1,9 0,4 1,2');
    expect(mostFrequent(lists, { top: 100, ties })).toHaveLength(4);
    expect(mostFrequent([[], []], { top: 20, ties })).toEqual([]);
  });

  it("are by the authors' code those that are met first where as many have them", () => {
    const ties = 'first met';
    expect(mostFrequent(lists, { top: 3, ties }).join(' ')).toBe('1,9 0,4 1,3');
    expect(mostFrequent(lists, { top: 4, ties }).join(' ')).toBe('1,9 0,4 1,3 1,2');
  });

  it("are the authors' under --protocol dai, which run.json says", () => {
    const asked = (protocol: string) => completeErasure({ experiment: 'erasure', protocol });
    expect(designOf(asked('dai')).ties).toBe('first met');
    expect(erasureSettings(asked('dai'))).toMatchObject({ top: 20, ties: 'first met' });
    expect(designOf(asked('eleutherai')).ties).toBe('layer and index');
    // As ever, so that a folder of before goes on.
    expect(Object.keys(erasureSettings(asked('eleutherai')))).not.toContain('ties');
  });

  it('are by their code the most common of a counter, whatever the facts have', () => {
    for (let seed = 0; seed < 50; seed++) {
      const made = [...randomNeurons(seed, 12, 1).neurons.values()];
      for (const top of [1, 4, 20, 100]) {
        const found = mostFrequent(made, { top, ties: 'first met' }).map(String);
        expect(found).toEqual(mostCommon(made, top));
      }
    }
  });

  it("come to the counter in the order that a fact's prompts show them in, as their facts' lists have it", () => {
    // Of one fact, prompt by prompt: [0, 5] is met first in the second prompt, behind [1, 8] and [1, 2].
    const coarse: Neuron[][] = [
      [[1, 8], [1, 2]],
      [[0, 5], [1, 8], [1, 2]],
      [[0, 5], [1, 2], [1, 8]],
      [[0, 5]],
    ]; // biome-ignore format: a prompt a line
    const sharing = { share: 0.7, inclusive: true, leastPrompts: 3 };
    const { neurons } = tuneShare([{ prompts: 4, counts: countPrompts(coarse) }], sharing);
    expect(neurons.map(list => list.join(' '))).toEqual(['1,8 1,2 0,5']);
    expect(mostFrequent(neurons, { top: 2, ties: 'first met' }).join(' ')).toBe('1,8 1,2');
    expect(mostFrequent(neurons, { top: 2, ties: 'layer and index' }).join(' ')).toBe('0,5 1,2');
  });
});

/** Counter.most_common as Python says what it is: the largest first, and of equal ones the one that came first. */
function mostCommon(lists: readonly (readonly Neuron[])[], top: number): string[] {
  const entries: { neuron: string; count: number }[] = [];
  for (const neuron of lists.flat().map(String)) {
    const entry = entries.find(one => one.neuron === neuron);
    if (entry) entry.count++;
    else entries.push({ neuron, count: 1 });
  }
  const taken: string[] = [];
  while (taken.length < top && entries.length > 0) {
    const most = Math.max(...entries.map(({ count }) => count));
    const [{ neuron }] = entries.splice(
      entries.findIndex(({ count }) => count === most),
      1,
    );
    taken.push(neuron);
  }
  return taken;
}

describe('an erasure in numbers', () => {
  it('is the change of both perplexities, as differences and as shares', () => {
    const { own, others } = erasureEffect(RECORD);
    expect(own.increase).toBeCloseTo(6, 10);
    expect(own.relativeIncrease).toBeCloseTo(1.5, 10);
    expect(own.accuracy).toEqual({ before: 1, after: 0.25 });
    expect(others?.relativeIncrease).toBeCloseTo(0.1, 10);
  });

  it('has a line a relation as CSV, empty where there is no other relation', () => {
    const alone = { before: { ...RECORD.before, others: null }, after: { ...RECORD.after, others: null } };
    const summary: ErasureSummary = {
      model: 'demo',
      facts: { selected: 1, skipped: [], failed: [] },
      skippedRelations: [],
      relations: { P36: erasureEffect(RECORD), P30: erasureEffect({ ...RECORD, ...alone }) },
    };
    const [head, first, second] = csvText(erasureData(summary))
      .trim()
      .split('\n')
      .map(line => line.split(','));
    const at = (line: string[], name: string) => line[head.indexOf(name)];
    expect([at(first, 'relation'), at(first, 'neurons'), at(first, 'own_prompts')]).toEqual([
      'P36',
      '2',
      '7',
    ]);
    expect(Number(at(first, 'own_perplexity_increase'))).toBeCloseTo(1.5, 10);
    expect(Number(at(first, 'others_perplexity_after'))).toBeCloseTo(11, 10);
    expect(at(second, 'others_perplexity_after')).toBe('');
  });
});
