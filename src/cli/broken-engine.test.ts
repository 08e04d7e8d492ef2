/** Engines that are set up and not fit for use: kn says what is wrong with which, takes another where it may, and never calls it a bug. */
import { spawnSync } from 'node:child_process';
import { chmodSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ADDON, TFJS_NODE } from '../runtime/engines/installed-tensorflow.js';
import { madeUpEngine } from '../testing/made-up-engine.js';
import { type KnOptions, kn } from '../testing/run-kn.js';
import { hasCompiler } from '../testing/shared-library.js';
import { temporaryFolder } from '../testing/temporary-folder.js';

const FACT = ['find', '--model', 'demo', '-a', 'paris', '-p', 'france is governed from [MASK].', '--json'];
/** WebAssembly may have 1 MB, where the engine begins with 16. */
const NO_WASM = {
  NODE_OPTIONS: `--import ${fileURLToPath(new URL('../testing/small-wasm-memory.mjs', import.meta.url))}`,
  KN_TEST_WASM_MB: '1',
};

const RUN = ['find', '--model', 'demo', '--relations', 'P36,P30', '--limit', '1', '--workers', '1'];

/** auto says it in one line, and takes wasm; where the engine is asked for, it is the error. */
async function expectPassedOver(fault: string, options: KnOptions): Promise<void> {
  const auto = await kn(FACT, options);
  expect(auto.stderr.split('\n').filter(line => !line.includes('"task"'))).toEqual([
    JSON.stringify({ notice: fault }),
    '',
  ]);
  expect(auto.code).toBe(0);
  const asked = await kn([...FACT, '--engine', 'tensorflow'], options);
  expect(asked.stderr).toMatch(/^kn: .+\n.*--engine.*\n$/);
  expect(asked.stderr).toContain(`kn: ${fault}\n`);
  expect(asked.code).toBe(1);
}

/** So do a run, whose workers start the engine, and kn doctor. */
async function expectPassedOverInWorkers(fault: string, options: KnOptions): Promise<void> {
  const { code, stderr } = await kn([...RUN, '-r', join(temporaryFolder(), 'out')], options);
  expect(stderr.split('\n').slice(0, 2)).toEqual([fault, expect.stringMatching(/^cpu: wasm engine/)]);
  expect(code).toBe(0);
  const doctor = await kn(['doctor', '--no-bench', '--json', '--engine', 'tensorflow'], options);
  const { engines, auto } = JSON.parse(doctor.stdout);
  expect(auto).toEqual([{ engine: 'wasm', device: 'cpu' }]);
  // Where people are already, nothing sends them again.
  const remedy = expect.stringMatching(/^(?!.*kn doctor).*kn setup tensorflow again/);
  const onCpu = { engine: 'tensorflow', device: 'cpu', usable: false, why: fault, remedy };
  expect(engines).toContainEqual(expect.objectContaining(onCpu));
  expect(doctor.code).toBe(1);
}

describe.skipIf(!hasCompiler)(`an engine${hasCompiler ? '' : ' (skipped: no g++ here)'}`, () => {
  it('that starts and does not multiply is passed over with one line', async () => {
    const { data } = await madeUpEngine({ kernels: true, cuda: false });
    const fault = 'the tensorflow engine starts, and cannot compute: ';
    const fails = { env: { KN_DATA: data, MADE_UP_PRODUCT: 'fails' } };
    await expectPassedOver(`${fault}util_1.isNullOrUndefined is not a function`, fails);
    await expectPassedOverInWorkers(`${fault}util_1.isNullOrUndefined is not a function`, fails);
    const wrong = { env: { KN_DATA: data, MADE_UP_PRODUCT: 'zeros' } };
    await expectPassedOver(`${fault}a product that is 58,64,139,154 comes out as 0,0,0,0`, wrong);
    const { code, stderr } = await kn(FACT, { env: { ...wrong.env, ...NO_WASM } });
    expect(stderr).toMatch(
      /^kn: no engine computes here: the tensorflow engine .*; the wasm engine cannot start: /,
    );
    expect(code).toBe(1);
  });

  it('that ends its process is passed over with one line, with one fact too', async () => {
    const { data } = await madeUpEngine({ kernels: true, cuda: false });
    const fault = 'the tensorflow engine cannot start: the process that tried it ended with SIGILL';
    await expectPassedOver(fault, {
      env: { KN_DATA: data, MADE_UP_END: String(constants.signals.SIGILL) },
    });
  });

  it('that left its process alive is tried again where a part of it has changed, and not before', async () => {
    const { data, engine } = await madeUpEngine({ kernels: true, cuda: false });
    const cache = temporaryFolder();
    const start = (signal?: number) => {
      const ends = signal === undefined ? {} : { MADE_UP_END: String(signal) };
      return kn([...FACT, '--engine', 'tensorflow'], { env: { KN_DATA: data, KN_CACHE: cache, ...ends } });
    };
    const { SIGBUS } = constants.signals;
    const refused = {
      code: 1,
      stderr: expect.stringContaining('the process that tried it ended with SIGBUS'),
    };
    expect(await start(SIGBUS)).toMatchObject(refused);
    await start();
    // What was seen to start is loaded at once, which is the end of the command itself here.
    expect(await start(SIGBUS)).toMatchObject({ code: null, stderr: '' });
    truncateSync(join(engine, ADDON), statSync(join(engine, ADDON)).size + 1);
    expect(await start(SIGBUS)).toMatchObject(refused);
  });

  // Root may read everything, until it has laid that down.
  const laid = [
    '--bounding-set',
    '-dac_override,-dac_read_search',
    '--inh-caps',
    '-dac_override,-dac_read_search',
  ];
  const isRoot = process.getuid?.() === 0;
  const canBeRefused = !isRoot || spawnSync('setpriv', [...laid, 'true']).status === 0;
  const unless = canBeRefused ? '' : ' (skipped: root may read everything here)';
  it.skipIf(!canBeRefused)(`that this user may not read is passed over, naming what${unless}`, async () => {
    const { data, engine } = await madeUpEngine({ kernels: true, cuda: false });
    const options = {
      env: { KN_DATA: data },
      ...(isRoot && { shell: `lay() { exec setpriv ${laid.join(' ')} "$@"; }; lay "$0" "$@";` }),
    };
    const fault = (part: string) => `${join(engine, part)}: cannot be read (permission denied)`;
    chmodSync(join(engine, 'node_modules'), 0o000);
    await expectPassedOver(fault('node_modules'), options);
    chmodSync(join(engine, 'node_modules'), 0o700);
    // What nobody loads is no reason.
    writeFileSync(join(engine, 'LICENSE'), 'licence', { mode: 0o000 });
    const backend = join('node_modules', TFJS_NODE, 'dist', 'nodejs_kernel_backend.js');
    chmodSync(join(engine, backend), 0o000);
    await expectPassedOver(fault(backend), options);
    chmodSync(join(engine, backend), 0o600);
    chmodSync(engine, 0o000);
    await expectPassedOver(fault('engine.json'), options);
    await expectPassedOverInWorkers(fault('engine.json'), options);
    chmodSync(engine, 0o700);
  });
});

it('wasm that gets no memory says so in its own words, and how to mend that, and nothing else is printed', async () => {
  const { code, stderr } = await kn([...FACT, '--engine', 'wasm'], { env: NO_WASM });
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^kn: the wasm engine cannot start: WebAssembly\.instantiate\(\): Out of memory: .*\n.*raise ulimit -v.*\n$/,
  );
  const mended = { env: { NODE_OPTIONS: '--disable-wasm-trap-handler' }, shell: 'ulimit -v 4000000;' };
  expect((await kn([...FACT, '--engine', 'wasm'], mended)).code).toBe(0);
});
