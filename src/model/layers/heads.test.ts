/** Norms of each head's queries and keys, against plain double-precision loops, gradients against their differences. */
import { beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../../runtime/engine.js';
import { enginesHere } from '../../testing/engines.js';
import { expectAgreement, tensor, values, vector } from '../../testing/layer-agreement.js';
import { normHeads } from './heads.js';

const [ROWS, SIZE, EPSILON] = [3, 5, 1e-2];

describe.each(await enginesHere())('on the %s engine', engine => {
  beforeAll(async () => {
    await startEngine(engine);
  });

  describe.each([
    { heads: 4, keyValueHeads: 2 },
    { heads: 2, keyValueHeads: 2 },
    { heads: 3, keyValueHeads: 1 },
  ])('$heads query heads that share $keyValueHeads of keys and values', sharing => {
    const { heads, keyValueHeads } = sharing;
    const width = (heads + 2 * keyValueHeads) * SIZE;
    const [query, key] = [values(SIZE, 3), values(SIZE, 4)];
    const norms = {
      query: { gamma: vector(query), epsilon: EPSILON },
      key: { gamma: vector(key), epsilon: EPSILON },
    };
    const x = values(ROWS * width, 1, 2);

    /** Head by head: the first are of queries, the next of keys, and the last, of values, stay. */
    function reference(x: Float64Array): Float64Array {
      const out = Float64Array.from(x);
      for (let at = 0; at < x.length; at += SIZE) {
        const head = (at % width) / SIZE;
        if (head >= heads + keyValueHeads) continue;
        const gamma = head < heads ? query : key;
        let square = 0;
        for (let i = 0; i < SIZE; i++) square += x[at + i] ** 2 / SIZE;
        for (let i = 0; i < SIZE; i++) out[at + i] = (x[at + i] / Math.sqrt(square + EPSILON)) * gamma[i];
      }
      return out;
    }

    it('are normalised each by itself, values are not, and the gradient comes back through it', () => {
      expectAgreement(x => normHeads(x, sharing, norms), reference, x, ROWS);
    });

    it('have values that stay to the last bit', () => {
      const out = normHeads(tensor(x, ROWS), sharing, norms).dataSync();
      const before = tensor(x, ROWS).dataSync();
      const ofValues = (all: ArrayLike<number>) =>
        Array.from(all).filter((_, at) => at % width >= (heads + keyValueHeads) * SIZE);
      expect(ofValues(out)).toEqual(ofValues(before));
    });
  });
});
