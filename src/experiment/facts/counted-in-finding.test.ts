/** What records say of how neurons were found, summed up and printed, of records of earlier versions too. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { findingOverData } from '../run/finding.js';
import { readGivenNeurons } from '../run/given-neurons.js';
import { Journal } from '../run/journal.js';
import { countedInFinding, countedLines } from './counted-in-finding.js';
import { FACT_RECORDS, type FactRecord } from './record.js';
import type { NeuronSource } from './stages.js';

const FINDING: NeuronSource = findingOverData(
  {
    ...{ method: 'integrated_gradients', rule: 'riemann_endpoints', steps: 20, share: 0.3 },
    threshold: { kind: 'adaptive', value: 0.3 },
  },
  'eleutherai',
);
const COUNTS = { prompts: 3, knowledge: [], baseline: [] };

/** What is told of the facts that these records are of, and of one that has none. */
async function told(records: readonly FactRecord[], source = FINDING) {
  const journal = await Journal.open(join(temporaryFolder(), 'journal.jsonl'), FACT_RECORDS);
  journal.append(...records);
  const uuids = new Set([...records.map(({ uuid }) => uuid), 'failed']);
  const facts = [...uuids].map(uuid => ({ uuid, relation: 'P36', subject: 's', object: 'o' }));
  const counted = countedInFinding(facts, source, journal);
  journal.close();
  return { counted, lines: countedLines(counted) };
}

const found = (uuid: string, done?: number, of_rule = 1000): FactRecord => ({
  ...{ uuid, neurons: [] },
  ...(done !== undefined && { passes: { done, of_rule } }),
});

describe('passes', () => {
  it('are the sums over facts, and the share of them that was saved is printed', async () => {
    const { counted, lines } = await told([found('a', 150), found('b', 250), found('c', 400, 2000)]);
    expect(counted).toEqual({ passes: { done: 800, ofRule: 4000 } });
    expect(lines).toEqual(['Found by 800 passes for the 4,000 of every step: 80.0% saved']);
  });

  it('are told once of a fact that has two lines, the first of which counted them', async () => {
    const { counted } = await told([
      { uuid: 'a', counts: COUNTS, passes: { done: 1, of_rule: 4 } },
      found('a'),
    ]);
    expect(counted).toEqual({ passes: { done: 1, ofRule: 4 } });
  });

  it('of facts that an earlier version found are not guessed, and not hidden', async () => {
    const { counted, lines } = await told([found('a', 150), found('b'), { uuid: 'c', counts: COUNTS }]);
    expect(counted).toEqual({ passes: { done: 150, ofRule: 1000, uncountedFacts: 2 } });
    expect(lines).toEqual([
      'Found by 150 passes for the 1,000 of every step: 85.0% saved, without 2 facts of an earlier version',
    ]);
  });

  it('are not told of where no record has them', async () => {
    expect(await told([found('a'), found('b')])).toEqual({ counted: {}, lines: [] });
    expect(await told([])).toEqual({ counted: {}, lines: [] });
  });

  it('are not told of where neurons are given, whatever the journal has', async () => {
    expect(await told([found('a', 150)], await readGivenNeurons([[0, 1]]))).toEqual({
      counted: {},
      lines: [],
    });
  });

  it('are not printed where every step was computed, and none is called saved where more were', async () => {
    expect((await told([found('a', 1000)])).lines).toEqual([]);
    expect((await told([found('a', 1100)])).lines[0]).toMatch(/: none saved$/);
  });
});

it('silent prompts are told of beside them', async () => {
  const silent = { prompts: 2, negatives: 0, baseline: 0 };
  const { counted, lines } = await told([{ ...found('a', 150), silent }, found('b', 150)]);
  expect(counted.silentPrompts).toEqual({ facts: 1, ...silent });
  expect(lines.map(line => line.slice(0, 15))).toEqual(['Every neuron sc', 'Found by 300 pa']);
});
