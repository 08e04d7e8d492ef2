import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import type { Reporter } from 'vitest/node';
import { SlowFilesFirst } from './src/testing/slow-files-first.js';

/** Says why each skipped test was skipped (its title does), and closes with one plain line. */
const summary: Reporter = {
  onTestRunEnd(modules) {
    const tests = modules.flatMap(module => [...module.children.allTests()]);
    const withState = (state: string) => tests.filter(test => test.result().state === state);
    for (const test of withState('skipped')) console.log(`skipped: ${test.fullName}`);
    const broken = modules.filter(module => module.errors().length > 0).length;
    const failed = withState('failed').length + broken;
    console.log(
      `${withState('passed').length} passed, ${failed} failed, ${withState('skipped').length} skipped`,
    );
  },
};

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'scripts/**/*.test.ts'],
    // A process each: an engine is started once in a process.
    pool: 'forks',
    // Vitest leaves a core to itself, which is half of a machine of two; and a file often waits for a process of its own.
    maxWorkers: Math.max(2, availableParallelism()),
    sequence: { sequencer: SlowFilesFirst },
    // Servers on loopback are asked without the proxy that this user may have.
    env: { http_proxy: '', https_proxy: '', all_proxy: '' },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ['default', summary],
  },
});
