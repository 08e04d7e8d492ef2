import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kn } from '../../testing/run-kn.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

describe('--method', () => {
  it('is in run.json and its command, without rule and steps where it has none', async () => {
    const folder = temporaryFolder();
    const find = ['find', '--model', 'demo', '--relations', 'P36', '--limit', '1', '--results', folder];
    expect((await kn([...find, '--method', 'gradient_x_activation'])).code).toBe(0);
    const { commands, neurons } = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8'));
    expect(neurons).toEqual({
      method: 'gradient_x_activation',
      threshold: 'adaptive',
      threshold_value: 0.3,
      share: 0.3,
    });
    expect(commands).toEqual([expect.stringContaining(' --method gradient_x_activation --adaptive')]);

    const { code, stderr } = await kn(find);
    expect(code).toBe(1);
    expect(stderr).toContain('neurons.method: "gradient_x_activation" there, "integrated_gradients" now');
  });

  it('has no convergence delta where nothing converges', async () => {
    const file = join(temporaryFolder(), 'scores.json');
    const fact = ['--model', 'demo', '-a', 'paris', '-p', 'france is governed from [MASK].'];
    await kn(['find', ...fact, '--method', 'activation', '--scores', file]);
    const { prompts } = JSON.parse(readFileSync(file, 'utf8'));
    expect(Object.keys(prompts[0])).toEqual(['prompt', 'answer', 'scores']);
  });
});
