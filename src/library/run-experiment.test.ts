/** A run over a data set as a library's caller asks for it. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEMO_MODEL } from '../embedded.js';
import { Interrupted } from '../errors.js';
import { EXPERIMENTS, type RequestInput } from '../experiment/experiments.js';
import { isFileOfRuns } from '../experiment/run/set-aside.js';
import type { ProgressEvent } from '../progress.js';
import { ASKED, ASKED_FILES, inFolder } from '../testing/demo-request.js';
import { setEnvironment } from '../testing/environment.js';
import { filesOf, serveHub } from '../testing/hub-server.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { tinyBert, withTensors } from '../testing/tiny-model.js';
import { planExperiment, runExperiment } from './run-experiment.js';

describe('a run that the library does', () => {
  it('gives its summary and its files, tells its progress, and goes on where it is done', async () => {
    const { folder, request } = inFolder();
    const events: ProgressEvent[] = [];
    const result = await runExperiment(request, { onProgress: event => events.push(event) });
    if (result.experiment !== 'facts') throw new Error(result.experiment);
    expect(result.summary).toMatchObject({ model: 'demo', facts: { selected: 4, done: 4, failed: [] } });
    expect(result.summary).toEqual(JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')));
    expect(result.files.map(file => file.slice(folder.length + 1))).toEqual(ASKED_FILES);
    const facts = events.flatMap(event => (event.type === 'progress' ? [[event.done, event.total]] : []));
    expect(facts[0]).toEqual([0, 4]);
    expect(facts.at(-1)).toEqual([4, 4]);
    const journal = readFileSync(join(folder, 'journal.jsonl'), 'utf8');
    expect((await runExperiment(request)).summary).toEqual(result.summary);
    expect(readFileSync(join(folder, 'journal.jsonl'), 'utf8')).toBe(journal);
  });

  it('says once what is to be known of the weights, however many workers read them', async () => {
    const [model, data] = [temporaryFolder(), temporaryFolder()];
    const files = tinyBert();
    const words = 'bert.embeddings.word_embeddings.weight';
    const withHead = withTensors(files['model.safetensors'], tensors => {
      const own = tensors.get(words);
      if (!own) throw new Error('no embeddings');
      const head = { ...own, values: own.values.map(x => 2 * x) };
      return new Map(tensors).set('cls.predictions.decoder.weight', head);
    });
    for (const [name, content] of Object.entries({ ...files, 'model.safetensors': withHead }))
      writeFileSync(join(model, name), content);
    for (const relation of ['P1', 'P2'])
      for (const [part, line] of [
        ['graphs_json', { pattern: '[X] is in [Y] .' }],
        ['trex_lms_vocab', { sub_label: 'a', obj_label: 'paris', uuid: relation }],
      ] as const) {
        mkdirSync(join(data, part), { recursive: true });
        writeFileSync(join(data, part, `${relation}.jsonl`), JSON.stringify(line));
      }
    const { request } = inFolder({
      ...{ model: { id: model }, data: { name: data }, devices: { engine: 'wasm', workers: 2 } },
    });
    const events: ProgressEvent[] = [];
    await runExperiment(request, { onProgress: event => events.push(event) });
    const notices = events.flatMap(event => (event.type === 'notice' ? [event.text] : []));
    const tied = `config.json ties cls.predictions.decoder.weight to ${words}, but`;
    expect(notices.filter(text => text.startsWith(tied))).toHaveLength(1);
  });

  it('leaves the reports that were asked for, and no others', async () => {
    const { folder, request } = inFolder({ output: { reports: ['json'] } });
    const { files } = await runExperiment(request);
    expect(files.map(file => file.slice(folder.length + 1))).toEqual([
      ...['demo_pararel_neurons_0.json', 'demo_pararel_results_0.json', 'summary.json'],
    ]);
  });

  it('keeps the request in run.json, and goes on in a folder of before requests were kept', async () => {
    const { folder, request } = inFolder({ interventions: { suppress: false, enhance: null } });
    await runExperiment(request);
    const path = join(folder, 'run.json');
    const { requests, ...old } = JSON.parse(readFileSync(path, 'utf8'));
    expect(requests).toMatchObject([{ experiment: 'facts', data: { limit: 2 }, controls: { seed: 42 } }]);
    expect(requests[0]).not.toHaveProperty('devices');
    writeFileSync(path, JSON.stringify(old));
    const journal = readFileSync(join(folder, 'journal.jsonl'), 'utf8');
    await runExperiment(request);
    expect(readFileSync(join(folder, 'journal.jsonl'), 'utf8')).toBe(journal);
    expect(JSON.parse(readFileSync(path, 'utf8')).requests).toEqual(requests);
    // Another request joins it, and the same one does not stand there twice.
    const suppressing = { ...request, interventions: { suppress: true, enhance: null } };
    for (const asked of [suppressing, request]) await runExperiment(asked);
    const { requests: both } = JSON.parse(readFileSync(path, 'utf8'));
    expect(both).toMatchObject([requests[0], { interventions: { suppress: true, enhance: null } }]);
    expect(both).toHaveLength(2);
  });

  it('ends where its signal is aborted, keeps what is done, and goes on from there', async () => {
    const { folder, request } = inFolder();
    const controller = new AbortController();
    const aborted = runExperiment(request, {
      signal: controller.signal,
      onProgress: event => {
        if (event.type === 'progress' && event.done === 1) controller.abort();
      },
    });
    await expect(aborted).rejects.toThrow(Interrupted);
    await expect(aborted).rejects.toThrow(`Finished facts are kept in ${folder}`);
    expect(existsSync(join(folder, 'summary.json'))).toBe(false);
    expect(existsSync(join(folder, 'lock'))).toBe(false);
    const whole = inFolder();
    await runExperiment(whole.request);
    await runExperiment(request);
    for (const name of ['demo_pararel_results_0.json', 'summary.json', 'figure3.svg'])
      expect(readFileSync(join(folder, name), 'utf8')).toBe(readFileSync(join(whole.folder, name), 'utf8'));
  });

  it('does not begin where its signal was aborted before: nobody is asked, and nothing is there', async () => {
    const { folder, request } = inFolder({ model: { id: 'org/tiny' } });
    const server = await serveHub({ files: filesOf(DEMO_MODEL) });
    setEnvironment({ HF_HOME: temporaryFolder(), HF_ENDPOINT: server.url });
    const signal = AbortSignal.abort();
    for (const begin of [runExperiment, planExperiment])
      await expect(begin(request, { signal })).rejects.toThrow('Interrupted before anything was computed');
    expect(server.requests).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  });

  it('notes of its session what it is told to, and nothing of its host program', async () => {
    const { folder, request } = inFolder();
    const notes = () =>
      readFileSync(join(folder, 'sessions.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .map(line => JSON.parse(line).arguments);
    await runExperiment(request);
    await runExperiment(request, { arguments: ['my', 'words'] });
    expect(notes()).toEqual([[], ['my', 'words']]);
  });
});

describe('the files of a run', () => {
  const requests: RequestInput[] = [
    ASKED,
    { ...ASKED, protocol: 'dai' },
    { ...ASKED, experiment: 'update' },
    { ...ASKED, experiment: 'erasure' },
  ];

  it('are those that --fresh sets aside, of every experiment', async () => {
    expect(new Set(requests.map(({ experiment }) => experiment))).toEqual(new Set(Object.keys(EXPERIMENTS)));
    for (const request of requests) {
      const { files } = await planExperiment(request);
      expect(files.length).toBeGreaterThan(2);
      expect(files.filter(name => !isFileOfRuns(name))).toEqual([]);
    }
  });
});
