/** Rotary embeddings and root mean square normalisation against plain double-precision loops, gradients against differences. */
import { beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../../runtime/engine.js';
import { enginesHere } from '../../testing/engines.js';
import { relativeError } from '../../testing/finite-differences.js';
import { expectAgreement, TOLERANCE, tensor, values, vector } from '../../testing/layer-agreement.js';
import { arrangeHeads } from './heads.js';
import { rmsNorm } from './rms-norm.js';
import { turned, turnOf } from './rotary.js';

describe.each(await enginesHere())('on the %s engine', engine => {
  beforeAll(async () => {
    await startEngine(engine);
  });

  const [rows, heads] = [3, 2];
  const positions = [0, 7, 4000];

  describe.each([
    { headSize: 6, size: 6 },
    { headSize: 10, size: 4 },
  ])('the first $size of $headSize columns of each head', ({ headSize, size }) => {
    const frequencies = Array.from({ length: size / 2 }, (_, i) => 10000 ** ((-2 * i) / size));
    const width = heads * headSize;

    /** (a + bi) e^(i angle) for each pair. */
    function reference(x: Float64Array): Float64Array {
      const out = Float64Array.from(x);
      positions.forEach((position, row) => {
        for (let head = 0; head < heads; head++) {
          frequencies.forEach((frequency, i) => {
            const [at, angle] = [row * width + head * headSize + i, position * frequency];
            const [re, im] = [x[at], x[at + size / 2]];
            out[at] = re * Math.cos(angle) - im * Math.sin(angle);
            out[at + size / 2] = re * Math.sin(angle) + im * Math.cos(angle);
          });
        }
      });
      return out;
    }

    it('are turned by position times frequency, and gradients back', () => {
      const turn = turnOf({ size, frequencies }, positions);
      // Queries, keys and values, of which the last stay as they are.
      const all = (x: Float64Array) => {
        const part = (i: number) => x.filter((_, at) => Math.floor((at % (3 * width)) / width) === i);
        const parts = [reference(part(0)), reference(part(1)), part(2)];
        return Float64Array.from(x, (_, at) => {
          const [row, column] = [Math.floor(at / (3 * width)), at % (3 * width)];
          return parts[Math.floor(column / width)][row * width + (column % width)];
        });
      };
      const sharing = { heads, keyValueHeads: heads };
      expectAgreement(x => arrangeHeads(x, sharing, turn), all, values(rows * 3 * width, 1, 2), rows);
    });

    it('have products of queries and keys that depend on their distance alone', () => {
      const [q, k] = [values(width, 1, 2), values(width, 2, 2)];
      const along = (query: number, key: number) => {
        const at = (x: Float64Array, position: number) =>
          Array.from(turned(tensor(x, 1), turnOf({ size, frequencies }, [position]), heads).dataSync());
        const [a, b] = [at(q, query), at(k, key)];
        return a.reduce((sum, value, i) => sum + value * b[i], 0);
      };
      expect(relativeError([along(12, 5)], [along(1007, 1000)])).toBeLessThan(10 * TOLERANCE);
      expect(relativeError([along(12, 5)], [along(12, 9)])).toBeGreaterThan(10 * TOLERANCE);
    });
  });

  it('keys and values stand beside every query head that shares them, whose gradients add up', () => {
    // 4 query heads of 3 columns share 2 of keys and values.
    const [queries, shared] = [12, 6];
    const reference = (x: Float64Array) =>
      Float64Array.from({ length: rows * 3 * queries }, (_, at) => {
        const [row, column] = [Math.floor(at / (3 * queries)), at % (3 * queries)];
        const [part, head, i] = [
          Math.floor(column / queries),
          Math.floor((column % queries) / 3),
          column % 3,
        ];
        const from = part === 0 ? column : queries + (part - 1) * shared + Math.floor(head / 2) * 3 + i;
        return x[row * (queries + 2 * shared) + from];
      });
    const sharing = { heads: 4, keyValueHeads: 2 };
    expectAgreement(
      x => arrangeHeads(x, sharing, undefined),
      reference,
      values(rows * (queries + 2 * shared), 1, 2),
      rows,
    );
  });

  it('root mean square normalisation agrees in value and gradient', () => {
    const [width, epsilon] = [5, 1e-3];
    const gamma = values(width, 3);
    const reference = (x: Float64Array) =>
      Float64Array.from(x, (value, at) => {
        const row = x.subarray(Math.floor(at / width) * width, (Math.floor(at / width) + 1) * width);
        const mean = row.reduce((sum, v) => sum + v * v, 0) / width;
        return (value / Math.sqrt(mean + epsilon)) * gamma[at % width];
      });
    const weights = { gamma: vector(gamma), epsilon };
    expectAgreement(x => rmsNorm(x, weights), reference, values(rows * width, 1, 2), rows);
  });
});
