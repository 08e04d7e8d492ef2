import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EngineFault } from '../../errors.js';
import type { Device } from '../../runtime/devices/device.js';
import type { EngineChoice, EngineName } from '../../runtime/engine-names.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { onKeptEngine, startingKeptEngine } from './kept-engine.js';

const device = (kind: Device['kind'], ...engines: EngineName[]): Device => ({
  ...{ kind, id: kind, name: 'made up', memory: null, software: false },
  ...{ engines, environment: {} },
});

const GPU = device('webgpu', 'webgpu');
const CPU = device('cpu', 'tensorflow', 'wasm');

/** A folder whose sessions computed on these engines, and what its journal has. */
function folderOf(engines: readonly EngineName[], journal: string): string {
  const folder = join(temporaryFolder(), 'results');
  mkdirSync(folder);
  const plans = engines.map(engine => ({
    ...{ device: 'cpu', name: 'made up', engine, version: '1', workers: 1, threads: 1 },
    ...{ batch_bytes: 1e6, memory_was_full: false },
  }));
  const settings = { format: 1, commands: [], model: {}, data: {}, versions: {}, neurons: {}, plans };
  writeFileSync(join(folder, 'run.json'), JSON.stringify(settings));
  writeFileSync(join(folder, 'journal.jsonl'), journal);
  return folder;
}

const LINE = '{"uuid":"a","neurons":[]}\n';

interface Asked {
  readonly engine?: EngineChoice;
  readonly devices?: readonly string[];
  readonly fresh?: boolean;
}

const requestFor = (folder: string, { engine = 'auto', devices, fresh = false }: Asked = {}) => ({
  devices: {
    engine,
    devices: devices ? [...devices] : null,
    workers: null,
    threads: null,
    batchMemory: null,
  },
  results: { folder, fresh },
});

const choose = (folder: string, asked?: Asked, sets = [[GPU], [CPU]]) =>
  onKeptEngine(requestFor(folder, asked), { sets, notices: [] });

async function enginesTaken(...asked: Parameters<typeof choose>) {
  const chosen = await choose(...asked);
  return chosen.sets.map(devices => devices.map(({ id, engines }) => `${id}: ${engines.join()}`).join(' '));
}

describe('the engine of a session that is left to kn', () => {
  const all = ['webgpu: webgpu', 'cpu: tensorflow,wasm'];

  it('is the best in a new folder, in one whose journal has nothing, and with --fresh', async () => {
    expect(await enginesTaken(join(temporaryFolder(), 'new'))).toEqual(all);
    expect(await enginesTaken(folderOf(['wasm'], ''))).toEqual(all);
    expect(await enginesTaken(folderOf(['wasm'], LINE), { fresh: true })).toEqual(all);
  });

  it('is the one that computed what the folder has, however fast another', async () => {
    expect(await enginesTaken(folderOf(['wasm'], LINE))).toEqual(['cpu: wasm']);
    expect(await enginesTaken(folderOf(['webgpu'], LINE))).toEqual(['webgpu: webgpu']);
    expect(await enginesTaken(folderOf(['webgpu', 'wasm'], LINE))).toEqual(['webgpu: webgpu', 'cpu: wasm']);
  });

  it('is said where another would be taken in a new folder, once', async () => {
    const folder = folderOf(['wasm'], LINE);
    const chosen = await choose(folder);
    expect(chosen.notices).toEqual([
      `${folder}: what it has was computed on the wasm engine, which goes on; --engine takes another`,
    ]);
    expect(await onKeptEngine(requestFor(folder), chosen)).toEqual(chosen);
    expect((await choose(folderOf(['webgpu'], LINE))).notices).toEqual([]);
  });

  it("is no business of kn's where the user names one", async () => {
    expect(await enginesTaken(folderOf(['wasm'], LINE), { engine: 'tensorflow' })).toEqual(all);
  });

  it('stops the session where it is not here, and says which it was and what goes on with another', async () => {
    const folder = folderOf(['tensorflow'], LINE);
    await expect(enginesTaken(folder, {}, [[GPU], [device('cpu', 'wasm')]])).rejects.toMatchObject({
      name: 'UserError',
      message: `${folder}: what it has was computed on the tensorflow engine, and it is not set up here, or has no device`,
      remedy: expect.stringMatching(/--engine.*--fresh/),
    });
  });

  it('leaves out no device that the user named', async () => {
    const asked = { devices: ['cpu', 'webgpu'] };
    await expect(enginesTaken(folderOf(['wasm'], LINE), asked, [[CPU, GPU]])).rejects.toThrow(
      /the wasm engine, and webgpu does not run it here$/,
    );
  });

  it('stops the session where it does not start', async () => {
    const fault = new EngineFault('cpu: a worker of the wasm engine died as it loaded the model (SIGKILL)');
    const start = (folder: string, asked?: Asked) =>
      startingKeptEngine(requestFor(folder, asked), () => Promise.reject(fault));
    await expect(start(folderOf(['wasm'], LINE))).rejects.toThrow(
      /computed on the wasm engine, and it does not start \(cpu: a worker of .* died .*\)$/,
    );
    await expect(start(folderOf(['wasm'], LINE), { engine: 'wasm' })).rejects.toBe(fault);
    await expect(start(folderOf(['wasm'], ''))).rejects.toBe(fault);
  });
});
