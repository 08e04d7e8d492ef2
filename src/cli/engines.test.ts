/**
 * Every engine that this machine can run against the golden file: scores to a relative error of 1e-4, which is the
 * file's own allowance for float32 (rounding leaves 2e-6), and the same neurons exactly. An engine that is not set up
 * here is skipped, saying why; webgpu runs on SwiftShader where there is no GPU.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ENGINES } from '../runtime/engine-names.js';
import { enginesFolder } from '../runtime/folders.js';
import { relativeError } from '../testing/finite-differences.js';
import { KN, kn } from '../testing/run-kn.js';
import { describeWith, GOLDEN_BERT, readGolden } from '../testing/shared.js';
import { NO_SWIFTSHADER, SWIFTSHADER } from '../testing/swiftshader.js';
import { temporaryFolder } from '../testing/temporary-folder.js';

// The user's own engines: what kn setup installed before the tests ran, and the machine's GPU.
const own = { KN_DATA: join(enginesFolder(), '..'), VK_DRIVER_FILES: process.env.VK_DRIVER_FILES };

interface Report {
  readonly engine: string;
  readonly device: string;
  readonly usable: boolean;
  readonly software: boolean;
  readonly why?: string;
  readonly remedy?: string;
}

function reportsOf(env: Readonly<Record<string, string>>): Report[] {
  const doctor = spawnSync(process.execPath, [KN, 'doctor', '--no-bench', '--json'], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return JSON.parse(doctor.stdout).engines;
}

const reports = reportsOf({});
const hasGpu = reports.some(({ engine, usable, software }) => engine === 'webgpu' && usable && !software);

for (const engine of ENGINES) {
  const onSwiftShader = engine === 'webgpu' && !hasGpu;
  const env = onSwiftShader ? { ...own, ...SWIFTSHADER } : own;
  const report = (onSwiftShader ? reportsOf(SWIFTSHADER ?? {}) : reports).find(
    report => report.engine === engine && report.device !== 'cuda',
  );
  if (!report?.usable) {
    const remedy = onSwiftShader && !SWIFTSHADER ? NO_SWIFTSHADER : report?.remedy;
    it.skip(`the ${engine} engine: skipped, since ${report?.why} (${remedy})`, () => undefined);
    continue;
  }

  describeWith(GOLDEN_BERT, `the ${engine} engine${onSwiftShader ? ' on SwiftShader' : ''}`, () => {
    const golden = readGolden();
    // Its kernels take SwiftShader a quarter of a minute a process; webgpu.test.ts has the rest in one.
    const unlessSlow = (title: string, body: () => Promise<void>) =>
      onSwiftShader
        ? it.skip(`${title} (skipped: SwiftShader takes too long here, webgpu.test.ts has it)`, () =>
            undefined)
        : it(title, body);
    const attributions = golden.attribution.filter(({ target_ids }) => !target_ids);
    const model = ['--model', GOLDEN_BERT, '--engine', engine];
    const ask = [...model, '--answer', golden.target, ...golden.prompts.flatMap(prompt => ['-p', prompt])];

    it.each(onSwiftShader ? attributions.slice(0, 1) : attributions)(
      'gives the golden scores: $method, $rule, $steps steps',
      async ({ method, rule, steps, prompt, target, scores }) => {
        const file = join(temporaryFolder(), 'scores.json');
        const asked = ['--method', method.replaceAll('-', '_')];
        if (rule) asked.push('--rule', rule, '--steps', String(steps));
        await kn(['find', ...model, ...asked, '-p', prompt, '-a', target, '--scores', file], { env });
        const { prompts } = JSON.parse(readFileSync(file, 'utf8'));
        expect(relativeError(prompts[0].scores.flat(), scores.flat())).toBeLessThan(1e-4);
      },
    );

    it('gives the golden neurons', async () => {
      const found = JSON.parse((await kn(['find', ...ask, '--json', '--share', '0.3'], { env })).stdout);
      expect(found.neurons).toEqual(golden.refined['p_0.3']);
      expect(found.prompts[0].coarse).toEqual(golden.coarse.adaptive_threshold_0_3);
    });

    unlessSlow('gives the golden probabilities after interventions', async () => {
      const neurons = JSON.stringify(golden.neurons);
      const single = golden.edits.filter(({ target }) => target !== 'stockholm'); // three tokens in this vocabulary
      for (const { prompt, target, before, suppress, enhance } of single) {
        const asked = [...model, '--json', '-p', prompt, '-a', target, '--neurons', neurons];
        for (const [command, expected] of Object.entries({ suppress, enhance })) {
          const { prompts } = JSON.parse((await kn([command, ...asked], { env })).stdout);
          expect(prompts[0].before.probability / before.target_prob).toBeCloseTo(1, 4);
          expect(prompts[0].after.probability / expected.target_prob).toBeCloseTo(1, 4);
        }
      }
    });

    unlessSlow('gives the same neurons with one worker as with two', async () => {
      const folder = join(temporaryFolder(), 'out');
      const find = ['find', '--model', 'demo', '--limit', '1', '--engine', engine, '--results', folder];
      const neurons = () => readFileSync(join(folder, 'demo_pararel_neurons_0.json'), 'utf8');
      await kn([...find, '--workers', '1'], { env });
      const first = neurons();
      await kn([...find, '--workers', '2', '--fresh'], { env });
      expect(neurons()).toBe(first);
    });
  });
}
