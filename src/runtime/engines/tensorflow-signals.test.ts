/**
 * A terminal that is resized, a child that ends, Ctrl-C in a worker: handlers of signals run in the middle of whatever the processor does.
 * libtensorflow's MatMul has the stack pointer elsewhere meanwhile, and its memory is written over; what kn multiplies by must bear it.
 */
import { spawn } from 'node:child_process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { built, runScript } from '../../testing/other-process.js';
import { isTensorflowThere } from './installed-tensorflow.js';

const isThere = await isTensorflowThere();
const unless = isThere ? '' : ' (skipped: kn setup tensorflow was not run here)';

/** Multiplies for two seconds in all the ways of model/layers/, and tells how often, and how often something else came out. */
const PRODUCTS = `
  import * as tf from '@tensorflow/tfjs-core';
  import { startEngine } from ${built('runtime/engine.js')};
  import { attention } from ${built('model/layers/attention.js')};
  import { throughTransposed, throughWeight } from ${built('model/layers/weight-product.js')};
  process.on('SIGUSR2', () => {});
  await startEngine('tensorflow');
  const matrix = (rows, columns) => tf.randomNormal([rows, columns], 0, 1, 'float32', rows);
  const [narrow, wide, rows, many] = [256, 1024, 9, 70];
  const weights = [{ weight: matrix(narrow, wide) }, { weight: matrix(wide, narrow), turned: true }];
  const ways = weights.flatMap(w => [
    ...[rows, many].map(n => matrix(n, narrow)).map(x => () => throughWeight(x, w)),
    ...[rows, many].map(n => matrix(n, wide)).map(dy => () => throughTransposed(w, dy)),
  ]);
  const [query, keyValue] = [matrix(many, narrow), matrix(many, 2 * narrow)];
  ways.push(() => attention(query, keyValue, { lengths: [10, 20, 3, 30, 7], heads: 4, scale: 0.1 }));
  const first = ways.map(way => way().dataSync());
  console.log('ready');
  let [done, wrong] = [0, 0];
  for (const end = Date.now() + 2000; Date.now() < end; done++) {
    const again = ways[done % ways.length]();
    const expected = first[done % ways.length];
    if (again.dataSync().some((value, i) => value !== expected[i])) wrong++;
    again.dispose();
    await new Promise(resolve => setImmediate(resolve));
  }
  console.log(JSON.stringify({ done, wrong }));
`;

describe.skipIf(!isThere)(`the tensorflow engine${unless}`, () => {
  it('multiplies the same whatever signals arrive meanwhile', { timeout: 60_000 }, async () => {
    const { child, line, ended } = runScript(PRODUCTS);
    expect(await line()).toBe('ready');
    const signals = spawn('sh', ['-c', `while kill -USR2 ${child.pid} 2>/dev/null; do :; done`]);
    onTestFinished(() => void signals.kill('SIGKILL'));
    const told = await line().catch(async error => {
      throw new Error(`${error}; ${JSON.stringify(await ended)}`);
    });
    const { done, wrong } = JSON.parse(told);
    expect(done).toBeGreaterThan(50);
    expect(wrong).toBe(0);
  });
});
