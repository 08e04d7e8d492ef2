/**
 * Every reader of a file or an answer from outside, on ten thousand mutations of a valid one each (src/testing/fuzz/): `npm run
 * fuzz`. Another seed at each run, which is printed; what a failure prints runs that one again.
 *
 * `npm run fuzz -- [--seed N] [--path P] [--runs N] [-t 'a reader: ']`
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    path: { type: 'string' },
    runs: { type: 'string', default: '10000' },
    reader: { type: 'string', short: 't' },
  },
});

const { seed, path, runs, reader } = values;
console.log(`seed ${seed}`);
const named = reader === undefined ? [] : ['-t', reader.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')];
const { status } = spawnSync('npx', ['vitest', 'run', '.fuzz.test', ...named], {
  stdio: 'inherit',
  env: {
    ...process.env,
    KN_FUZZ_RUNS: runs,
    KN_FUZZ_SEED: seed,
    ...(path !== undefined && { KN_FUZZ_PATH: path }),
  },
});
console.log(`seed ${seed}`);
process.exitCode = status ?? 1;
