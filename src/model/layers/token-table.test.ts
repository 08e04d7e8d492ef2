/** A vocabulary's matrix in parts is the same as in one. */
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../../runtime/engine.js';
import { enginesHere } from '../../testing/engines.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { Checkpoint } from '../checkpoint/checkpoint.js';
import { WeightReader } from '../checkpoint/weight-reader.js';
import { writeSafetensors } from '../checkpoint/write-safetensors.js';
import { rowsOfPart, type TokenTable, tokenRows } from './token-table.js';

const [ROWS, COLUMNS] = [7, 3];
const VALUES = Float32Array.from({ length: ROWS * COLUMNS }, (_, i) => i);

describe.each(await enginesHere())('on the %s engine', engine => {
  beforeAll(async () => {
    await startEngine(engine);
  });

  async function read(most: number): Promise<TokenTable> {
    const folder = temporaryFolder();
    await writeSafetensors(join(folder, 'model.safetensors'), [
      { name: 'before', shape: [2], dtype: 'F32', values: () => Float32Array.of(-1, -2) },
      { name: 'table', shape: [ROWS, COLUMNS], dtype: 'BF16', values: () => VALUES },
    ]);
    const checkpoint = await Checkpoint.open(folder);
    const table = await WeightReader.readAll(checkpoint, reader =>
      reader.table('table', ROWS, COLUMNS, most),
    );
    await checkpoint.close();
    return table;
  }

  it.each([
    [7, [7]],
    [8, [7]],
    [3, [3, 3, 1]],
    [1, [1, 1, 1, 1, 1, 1, 1]],
  ])('is read in parts of %d rows at the most', async (most, heights) => {
    const table = await read(most);
    expect(table.map(({ shape }) => shape)).toEqual(heights.map(height => [height, COLUMNS]));
    const parts = await Promise.all(table.map(part => part.data()));
    expect(parts.flatMap(part => [...part])).toEqual([...VALUES]);
    tf.dispose(table);
  });

  it('gives rows of any tokens, in their order, twice where they are asked twice', async () => {
    for (const most of [7, 3, 1]) {
      const table = await read(most);
      const before = tf.memory().numTensors;
      const found = tokenRows(table, [6, 0, 3, 0, 2]);
      expect(tf.memory().numTensors).toBeLessThanOrEqual(before + 2);
      expect(await found.data()).toEqual(
        Float32Array.from([6, 0, 3, 0, 2].flatMap(row => [0, 1, 2].map(column => row * COLUMNS + column))),
      );
      tf.dispose([found, ...table]);
    }
  });

  it('is whole where the engine limits no buffer, and else as large as one', () => {
    const rows = rowsOfPart(1024);
    if (engine === 'webgpu') expect(Number.isFinite(rows) && rows > 1000).toBe(true);
    else expect(rows).toBe(Number.POSITIVE_INFINITY);
  });
});
