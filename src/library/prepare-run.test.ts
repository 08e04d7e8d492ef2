/** What is said, checked and fetched before anything is computed, and in which order. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { countPoints } from '../attribution/count-operations.js';
import { dataSource } from '../dataset/sources.js';
import { DEMO_MODEL } from '../embedded.js';
import { Interrupted } from '../errors.js';
import type { RequestInput } from '../experiment/experiments.js';
import { holdFolder } from '../experiment/run/results-folder.js';
import { readModelConfig } from '../model/config.js';
import { loadTokenizer } from '../model/tokenizer/load-tokenizer.js';
import { ASKED, ASKED_FILES, inFolder } from '../testing/demo-request.js';
import { setEnvironment } from '../testing/environment.js';
import { COMMIT, filesOf, serveHub } from '../testing/hub-server.js';
import { serve } from '../testing/loopback-server.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { planExperiment, runExperiment } from './run-experiment.js';

describe('a plan', () => {
  it('is for the engine that computed what its folder has, or refused; by its name another is taken', async () => {
    setEnvironment({ KN_DATA: temporaryFolder(), VK_DRIVER_FILES: '/nowhere' });
    const { folder, request } = inFolder();
    mkdirSync(folder, { recursive: true });
    const plans = [
      {
        ...{ device: 'cpu', name: 'made up', engine: 'tensorflow', version: '1', workers: 1, threads: 1 },
        ...{ batch_bytes: 1e6, memory_was_full: false },
      },
    ];
    const settings = { format: 1, commands: [], model: {}, data: {}, versions: {}, neurons: {}, plans };
    writeFileSync(join(folder, 'run.json'), JSON.stringify(settings));
    const onAuto = () => planExperiment({ ...request, devices: { engine: 'auto' } });
    expect((await onAuto()).devices).toMatchObject([{ engine: 'wasm' }]);
    writeFileSync(join(folder, 'journal.jsonl'), '{"uuid":"a","neurons":[]}\n');
    await expect(onAuto()).rejects.toThrow(/computed on the tensorflow engine, and it is not set up here/);
    expect((await planExperiment(request)).devices).toMatchObject([{ engine: 'wasm' }]);
  });

  it('says what would be done, as plain data, and does none of it', async () => {
    const { folder, request } = inFolder();
    const plan = await planExperiment(request);
    expect(existsSync(folder)).toBe(false);
    expect(JSON.parse(JSON.stringify(plan.work))).toEqual(plan.work);
    expect(plan).toMatchObject({
      command: expect.stringContaining(
        'kn evaluate pararel --model demo --data demo --relations P36,P30 --limit 2',
      ),
      model: { name: 'demo', layers: 2, intermediateSize: 512 },
      data: { name: 'demo', relations: ['P30', 'P36'] },
      devices: [{ device: 'cpu', engine: 'wasm', workers: 1, threads: 1 }],
      files: ASKED_FILES,
      skipped: [],
      folder,
    });
    expect(plan.facts).toHaveLength(4);
    const patterns = (relation: string) =>
      readFileSync(`data/pararel/graphs_json/${relation}.jsonl`, 'utf8').trim().split('\n').length;
    const prompts = 2 * (patterns('P36') + patterns('P30'));
    // So few facts are all looked at: each prompt counts with its own length.
    const config = await readModelConfig(DEMO_MODEL);
    const tokenizer = await loadTokenizer(DEMO_MODEL, config);
    const dataset = await dataSource('demo').open({ relations: ['P36', 'P30'], limit: 2 }, false);
    const lengths = dataset.facts.flatMap(fact =>
      dataset.withPrompts(fact).prompts.map(prompt => tokenizer.encode(prompt, 64).tokens.length),
    );
    const sum = (part: 'total' | 'trace') =>
      lengths.reduce((all, tokens) => all + countPoints(config, tokens, [4, 4], true)[part], 0);
    const [scored, traced] = [expect.closeTo(sum('total'), -3), sum('trace')];
    // An interpolated path is reckoned with 4 passes for each of 2 layers; an unrelated fact is of the other relation.
    expect(plan.work).toEqual([
      { name: 'finding neurons', facts: 4, queries: prompts, passes: prompts * 2 * 4, operations: scored },
      {
        ...{ name: 'suppressing and enhancing', facts: 4, queries: 2 * prompts, passes: 2 * prompts * 2 },
        operations: expect.closeTo(2 * traced * 3, -3),
      },
    ]);
  });
});

describe('long work', () => {
  it('is announced by its plan and by the run, before weights are fetched and anything is computed', async () => {
    const server = await serveHub({ files: filesOf(DEMO_MODEL) });
    setEnvironment({ HF_HOME: temporaryFolder(), HF_ENDPOINT: server.url, HF_TOKEN: undefined });
    const { folder, request } = inFolder({
      ...{ model: { id: 'org/tiny' }, data: { name: 'demo' } },
      neurons: { steps: 10_000, path: 'exact' },
      controls: { negatives: 20 },
    });
    const { notices } = await planExperiment(request);
    expect(notices[0]).toMatch(/^Long work: about \d+ (hours|days) from the beginning/);
    const controller = new AbortController();
    const told: string[] = [];
    const running = runExperiment(request, {
      signal: controller.signal,
      onProgress: event => {
        if (event.type !== 'notice') return;
        told.push(event.text);
        if (event.text === notices[1]) controller.abort();
      },
    });
    await expect(running).rejects.toThrow(Interrupted);
    expect(told).toEqual(notices);
    expect(server.requests.filter(asked => asked.includes('model.safetensors'))).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  });

  it('is not what the demo is', async () => {
    expect((await planExperiment({ experiment: 'facts', model: { id: 'demo' } })).notices).toEqual([]);
  });
});

describe('a model of the hub', () => {
  const hub = async () => {
    const server = await serveHub({ files: filesOf(DEMO_MODEL) });
    setEnvironment({ HF_HOME: temporaryFolder(), HF_ENDPOINT: server.url, HF_TOKEN: undefined });
    const weights = () => server.requests.filter(request => request.includes('model.safetensors')).length;
    const { request } = inFolder({ model: { id: 'org/tiny' }, data: { name: 'demo', limit: 1 } });
    return { weights, request };
  };

  it('is planned by what is small of it, and its weights come with the run, once', async () => {
    const { weights, request } = await hub();
    expect((await planExperiment(request)).model).toMatchObject({
      name: 'tiny',
      revision: COMMIT,
      layers: 2,
    });
    expect(weights()).toBe(0);
    await runExperiment(request);
    const once = weights();
    expect(once).toBeGreaterThan(0);
    await runExperiment(request);
    expect(weights()).toBe(once);
  });

  it('is that of the cache where the hub describes a newer one and does not give its weights', async () => {
    const newer = 'b'.repeat(40);
    let moved = false;
    const files = filesOf(DEMO_MODEL);
    const siblings = Object.keys(files).map(rfilename => ({ rfilename }));
    const described = JSON.stringify({ id: 'org/tiny', sha: newer, siblings });
    const server = await serveHub({
      files,
      instead: asked => {
        if (!moved) return undefined;
        if (asked.includes('/revision/main')) return { status: 200, body: described };
        return asked.includes(`${newer}/model.safetensors`) ? { status: 404 } : undefined;
      },
    });
    setEnvironment({ HF_HOME: temporaryFolder(), HF_ENDPOINT: server.url, HF_TOKEN: undefined });
    const at = () => inFolder({ model: { id: 'org/tiny' }, data: { name: 'demo', limit: 1 } }).request;
    await runExperiment(at());
    moved = true;
    const notices: string[] = [];
    const { plan } = await runExperiment(at(), {
      onProgress: event => {
        if (event.type === 'notice') notices.push(event.text);
      },
    });
    expect(plan.model.revision).toBe(COMMIT);
    expect(notices.filter(notice => notice.endsWith('using org/tiny from the cache'))).toHaveLength(1);
  });

  it('gives no weights for a run that cannot be', async () => {
    const { weights, request } = await hub();
    const wrong = { ...request, neurons: { given: [[9, 1]] } } as const;
    await expect(runExperiment(wrong)).rejects.toThrow('the model has no neuron [9, 1]');
    const tooLong = {
      ...request,
      interventions: { unrelated: 'relation' },
      data: { name: 'demo', relations: ['P36'] },
    } as const;
    await expect(runExperiment(tooLong)).rejects.toThrow('none is unrelated to another');
    expect(weights()).toBe(0);
  });
});

describe('what is wrong is said in order', () => {
  /** A network that is not there: whatever needs it says so. */
  const offline = () =>
    setEnvironment({
      HF_ENDPOINT: 'http://127.0.0.1:65533',
      HF_HOME: temporaryFolder(),
      KN_CACHE: temporaryFolder(),
      KN_PARAREL_URL: 'http://127.0.0.1:65533',
    });
  const file = () => {
    const path = join(temporaryFolder(), 'file');
    writeFileSync(path, 'mine');
    return path;
  };
  const folder = () => {
    const path = join(temporaryFolder(), 'folder');
    mkdirSync(path);
    return path;
  };

  // Each has all the faults of those behind it, and a network that is not there.
  it.each<[string, () => RequestInput, RegExp]>([
    [
      'the request',
      () => ({ ...ASKED, data: { limit: 0 }, devices: { devices: ['cuda:7'] }, model: { id: 'a/b' } }),
      /request's data\.limit/,
    ],
    [
      'the machine: a device that is not there',
      () => ({
        ...ASKED,
        devices: { devices: ['cuda:7'] },
        results: { folder: file() },
        model: { id: 'a/b' },
      }),
      /--devices cuda:7/,
    ],
    [
      'the machine: a folder that cannot be',
      () => ({ ...ASKED, results: { folder: file() }, neurons: { given: './none' }, model: { id: 'a/b' } }),
      /file: cannot be written \(file already exists\)/,
    ],
    [
      'the machine: neurons that are not there',
      () => ({ ...ASKED, neurons: { given: './none' }, model: { id: 'a/b' }, data: { name: 'pararel' } }),
      /\.\/none: cannot be read/,
    ],
    [
      'the machine: a folder whose run.json is none',
      () => {
        const out = folder();
        writeFileSync(join(out, 'run.json'), '{');
        return { ...ASKED, results: { folder: out }, neurons: { given: './none' }, model: { id: 'a/b' } };
      },
      /run\.json: not JSON/,
    ],
    [
      'what is here of the model, before the data are fetched',
      () => ({ ...ASKED, model: { id: folder() }, data: { name: 'pararel' } }),
      /config\.json: cannot be read/,
    ],
    [
      'what is here of the data, before the model is fetched',
      () => ({ ...ASKED, model: { id: 'a/b' }, data: { name: 'demo', relations: ['P99'] } }),
      /has no relation P99/,
    ],
    [
      'the network, last',
      () => ({ ...ASKED, model: { id: 'a/b' }, data: { name: 'demo' } }),
      /a\/b: not in the cache, and .* cannot be reached/,
    ],
  ])('%s', async (_, request, message) => {
    offline();
    await expect(
      runExperiment({ results: { folder: join(temporaryFolder(), 'out') }, ...request() }),
    ).rejects.toThrow(message);
  });
});

const RIGHT = {
  model: { id: 'demo' },
  data: { name: 'pararel' },
  neurons: {},
  devices: { engine: 'wasm' },
  results: { folder: 'results/none' },
} as const;

describe('PARAREL is not fetched', () => {
  /** A model's folder of which one file is another. */
  const changed = (name: string, content: string) => {
    const folder = join(temporaryFolder(), 'model');
    cpSync(DEMO_MODEL, folder, { recursive: true });
    if (content === '') rmSync(join(folder, name));
    else writeFileSync(join(folder, name), content);
    return { id: folder };
  };
  const heldFolder = async () => {
    const folder = temporaryFolder();
    const held = await holdFolder(folder);
    onTestFinished(() => held.release());
    return { folder };
  };

  it.each<[string, () => Partial<RequestInput> | Promise<Partial<RequestInput>>, RegExp]>([
    [
      'a folder without weights',
      () => ({ model: changed('model.safetensors', '') }),
      /no model\.safetensors/,
    ],
    ['weights that are none', () => ({ model: changed('model.safetensors', 'x'.repeat(99)) }), /header/],
    ['a tokenizer that is none', () => ({ model: changed('tokenizer.json', '{}') }), /tokenizer\.json/],
    [
      'an architecture that kn has not',
      () => ({ model: changed('config.json', '{"model_type": "t5"}') }),
      /architecture is "t5"/,
    ],
    ['a folder that is not there', () => ({ model: { id: './nowhere' } }), /no such folder/],
    ['an id that is none', () => ({ model: { id: 'a/b/c' } }), /no such folder/],
    ['a model that the hub has not', () => ({ model: { id: 'a/b' } }), /the hub has no such model/],
    ['a revision that is none', () => ({ model: { id: 'a/b', revision: '../x' } }), /\.\.\/x/],
    ['a device that is not there', () => ({ devices: { devices: ['cuda:7'] } }), /--devices cuda:7/],
    ['neurons that are not there', () => ({ neurons: { given: './none' } }), /\.\/none: cannot be read/],
    ['neurons that the model has not', () => ({ neurons: { given: [[9, 1]] } }), /no neuron \[9, 1\]/],
    [
      'a folder that another run holds',
      async () => ({ results: await heldFolder() }),
      /a run is at work there \(process \d+ on /,
    ],
    [
      'a relation that it has not',
      () => ({ data: { name: 'pararel', relations: ['P36', 'P99'] } }),
      /PARAREL has no relation P99/,
    ],
  ])('for %s', async (_, wrong, message) => {
    const server = await serve((_, response) => void response.writeHead(404).end());
    const own = { HF_HOME: temporaryFolder(), KN_CACHE: temporaryFolder(), HF_TOKEN: undefined };
    setEnvironment({ ...own, HF_ENDPOINT: `${server.url}/hub`, KN_PARAREL_URL: `${server.url}/pararel` });
    const { request } = inFolder({ data: { name: 'pararel' }, ...(await wrong()) });
    for (const begin of [planExperiment, runExperiment])
      await expect(begin(request)).rejects.toThrow(message);
    expect(server.requests.filter(asked => asked.includes('/pararel'))).toEqual([]);
    // With nothing wrong it is.
    await expect(planExperiment({ ...request, ...RIGHT })).rejects.toThrow('PARAREL is not in the cache');
    expect(server.requests.filter(asked => asked.includes('/pararel'))).not.toEqual([]);
  });
});
