import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { completeFinding } from '../../experiment/run/finding.js';
import { finalFiles, journalLines, kn } from '../../testing/run-kn.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { refuseIdleFinding } from '../options/idle-options.js';

const results = () => join(temporaryFolder(), 'out');
const find = (folder: string, ...more: string[]) =>
  kn([
    ...[
      'find',
      '--model',
      'demo',
      '--relations',
      'P36',
      '--limit',
      '2',
      '--workers',
      '1',
      '--results',
      folder,
    ],
    ...more,
  ]);
const neuronsOf = (folder: string) => finalFiles(folder)['demo_pararel_neurons_0.json'];
const settingsOf = (folder: string) => JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8'));

describe('--path', () => {
  it('is in run.json and its command, and both find the same neurons, one by fewer passes', async () => {
    const [exact, interpolated] = [results(), results()];
    const ran = [await find(exact, '--path', 'exact'), await find(interpolated)];
    expect(ran.map(({ code }) => code)).toEqual([0, 0]);
    expect(settingsOf(exact).neurons.path).toBe('exact');
    expect(settingsOf(exact).commands[0]).toContain(' --path exact ');
    expect(settingsOf(interpolated).neurons.path).toBe('interpolated');
    expect(neuronsOf(interpolated)).toBe(neuronsOf(exact));
    expect(JSON.parse(neuronsOf(exact))).not.toEqual({});

    const passes = (folder: string) => journalLines(folder).map(line => JSON.parse(line).passes);
    for (const { done, of_rule } of passes(exact)) expect(done).toBe(of_rule);
    for (const { done, of_rule } of passes(interpolated)) expect(done).toBeLessThan(of_rule);
    expect(
      ran.map(({ stdout }) => /Found by [\d,]+ passes for the [\d,]+ of every step/.test(stdout)),
    ).toEqual([false, true]);
  });

  it('of a folder that an earlier version made is exact', async () => {
    const folder = results();
    await find(folder, '--path', 'exact');
    const { neurons, ...settings } = settingsOf(folder);
    const { path: _, ...earlier } = neurons;
    writeFileSync(join(folder, 'run.json'), JSON.stringify({ ...settings, neurons: earlier }));

    const { code, stderr } = await find(folder);
    expect(code).toBe(1);
    expect(stderr).toContain('neurons.path: "exact" there, "interpolated" now');
    expect((await find(folder, '--path', 'exact')).code).toBe(0);
  });

  it('gives scores to 1e-6 of the highest, and what they leave of what they explain', async () => {
    const read = async (path: string) => {
      const file = join(temporaryFolder(), 'scores.json');
      const fact = ['--model', 'demo', '-a', 'paris', '-p', 'france is governed from [MASK].'];
      expect((await kn(['find', ...fact, '--path', path, '--scores', file])).code).toBe(0);
      const [{ scores, convergenceDelta }] = JSON.parse(readFileSync(file, 'utf8')).prompts;
      return { scores: scores.flat(), delta: convergenceDelta };
    };
    const [exact, interpolated] = [await read('exact'), await read('interpolated')];
    // As much again for float32's rounding.
    const within = 2e-6 * Math.max(...exact.scores);
    exact.scores.forEach((score: number, n: number) => {
      expect(Math.abs(interpolated.scores[n] - score)).toBeLessThan(within);
    });
    expect(interpolated.delta).toHaveLength(2);
    interpolated.delta.forEach((delta: number, layer: number) => {
      expect(delta).toBeCloseTo(exact.delta[layer], 5);
    });
  });

  it('is refused where nothing is found, and where nothing is integrated', () => {
    expect(() => refuseIdleFinding({ path: 'exact', neurons: 'n.json' }, 'data')).toThrow(
      '--path is for neurons that are found',
    );
    expect(() => completeFinding({ method: 'activation', path: 'exact' }, 'eleutherai', 'data')).toThrow(
      '--path is of no use with --method activation',
    );
  });
});
