/** The whole demo, as the README shows it. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEMO_MODEL } from '../embedded.js';
import type { Summary } from '../experiment/facts/summary.js';
import { finalFiles, kn } from '../testing/run-kn.js';
import { temporaryFolder } from '../testing/temporary-folder.js';

const project = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('the demo model', () => {
  it('is 4 MB at the most', () => {
    expect(statSync(join(DEMO_MODEL, 'model.safetensors')).size).toBeLessThan(4e6);
  });

  it("answers 90% of its prompts or more and shows the paper's effect, with the README's figures and numbers", async () => {
    const folder = join(temporaryFolder(), 'out');
    const { code, stdout } = await kn(['evaluate', 'pararel', '--model', 'demo', '--results', folder]);
    expect(code).toBe(0);
    const files = finalFiles(folder);
    const { facts, accuracy, suppression, enhancement }: Summary = JSON.parse(files['summary.json']);
    expect(facts).toMatchObject({ selected: 361, done: 361, skipped: [], failed: [] });
    expect(accuracy).toBeGreaterThanOrEqual(0.9);
    expect(suppression?.overFacts?.related).toBeLessThan(-0.3);
    expect(Math.abs(suppression?.overFacts?.unrelated ?? 1)).toBeLessThan(0.1);
    expect(enhancement?.overFacts?.related).toBeGreaterThan(0);
    for (const figure of ['figure3.svg', 'figure4.svg'])
      expect(files[figure]).toBe(project(`docs/figures/${figure}`));
    const readme = project('README.md');
    for (const line of stdout
      .split('\n')
      .filter(line => /suppressing|enhancing|facts done|neurons a fact|answered/.test(line))) {
      expect(readme).toContain(line.trim());
    }
  });
});
