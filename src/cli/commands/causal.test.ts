/** Causal models on the command line: one fact, and PARAREL. */
import { describe, expect, it } from 'vitest';
import type { Summary } from '../../experiment/facts/summary.js';
import { results } from '../../testing/demo-run.js';
import { finalFiles, kn } from '../../testing/run-kn.js';
import { describeWith, GOLDEN_GPT_NEO, GOLDEN_GPT2, REAL_PARAREL, readGolden } from '../../testing/shared.js';

for (const folder of [GOLDEN_GPT2, GOLDEN_GPT_NEO]) {
  describeWith(folder, `kn with a causal model: ${folder}`, () => {
    const golden = readGolden(folder);

    it("finds EleutherAI's neurons, the answer without its leading space", async () => {
      const prompts = golden.prompts.flatMap(prompt => ['-p', `${prompt} [MASK].`]);
      for (const share of ['0.3', '0.5']) {
        const args = ['find', '--model', folder, '-a', 'Paris', '--share', share, '--site', 'post', '--json'];
        const { stdout, stderr, code } = await kn([...args, ...prompts]);
        expect(code).toBe(0);
        const read = `${golden.prompts.length} prompts are read up to there, the first as "${golden.prompts[0]}"`;
        expect(stderr).toContain(JSON.stringify(`Warning: a causal model has no [MASK]: ${read}.`));
        expect(JSON.parse(stdout).neurons).toEqual(golden.refined[`p_${share}`]);
      }
    });

    it('has its neurons where the replication hooks a GPT, unless another protocol or site is named', async () => {
      const neuronsBy = async (...more: string[]) => {
        const args = ['find', '--model', folder, '-a', 'Paris', '-p', golden.prompts[0], '--json', ...more];
        return JSON.parse((await kn(args)).stdout).neurons;
      };
      const usual = await neuronsBy();
      expect(await neuronsBy('--site', 'pre')).toEqual(usual);
      expect(await neuronsBy('--protocol', 'eleutherai')).toEqual(usual);
      expect(await neuronsBy('--site', 'post')).not.toEqual(usual);
    });

    it('suppresses them, also for an answer of several tokens', async () => {
      for (const { prompt, target, before, suppress } of golden.edits) {
        const neurons = JSON.stringify(golden.neurons);
        const args = [
          'suppress',
          '--model',
          folder,
          '-p',
          prompt,
          '-a',
          target,
          '--neurons',
          neurons,
          '--site',
          'post',
          '--json',
        ];
        const { stdout } = await kn(args);
        const [effect] = JSON.parse(stdout).prompts;
        expect(effect.before.probability / before.target_prob).toBeCloseTo(1, 4);
        expect(effect.after.probability / suppress.target_prob).toBeCloseTo(1, 4);
      }
    });
  });
}

describeWith(GOLDEN_GPT2, 'kn evaluate pararel with a causal model', () => {
  describeWith(REAL_PARAREL, 'on real facts', () => {
    const evaluate = (folder: string, ...more: string[]) =>
      kn([
        ...['evaluate', 'pararel', '--model', GOLDEN_GPT2, '--data', REAL_PARAREL, '--relations', 'P36,P37'],
        ...['--limit', '3', '--steps', '4', '--unrelated', 'any', '--results', folder, ...more],
      ]);

    it('asks by the patterns that end with the object, and counts the facts that have too few', async () => {
      const folder = results();
      const { code, stdout } = await evaluate(folder);
      expect(code).toBe(0);
      expect(stdout).toContain('3 facts done, 3 skipped, 0 failed');
      const files = finalFiles(folder);
      const summary: Summary = JSON.parse(files['summary.json']);
      expect(summary.facts.skipped.map(({ relation, reason }) => [relation, reason])).toEqual(
        Array(3).fill(['P37', '1 of its 9 prompts ends with the object, and a causal model needs 2']),
      );
      const measured = JSON.parse(files['gpt2-tiny-random_pararel_results_0.json']);
      for (const fact of Object.values<{ suppression: { related: { n_prompts: number } } }>(measured))
        expect(fact.suppression.related.n_prompts).toBe(8);
    });

    it('leaves out objects of more tokens than are asked for', async () => {
      const { code, stderr } = await evaluate(results(), '--max-answer-tokens', '1');
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /none of the 6 facts can be asked: of the first, the object is \d+ tokens.*\n.*a higher --max-answer-tokens/,
      );
    });
  });
});

describe('a causal prompt', () => {
  it('is not what the demo model takes, and it says so', async () => {
    const { code, stderr } = await kn([
      'find',
      '--model',
      'demo',
      '-a',
      'paris',
      '-p',
      'france is governed from',
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain('has no [MASK], where one is needed');
  });
});
