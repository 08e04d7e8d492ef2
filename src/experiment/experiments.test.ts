/** What all experiments have in common: their requests. */
import { describe, expect, it } from 'vitest';
import { UsageError } from '../errors.js';
import { completeRequest, EXPERIMENTS, type RequestInput, TASKS } from './experiments.js';
import { commandLine } from './run/command.js';
import { decisive } from './run/request.js';

const NAMES = Object.values(EXPERIMENTS).map(({ name }) => name);

/** As it may stand in a file: of any shape. */
const refusalOf = (asked: unknown): UsageError => {
  try {
    completeRequest(JSON.parse(JSON.stringify(asked)));
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('it was taken');
};

describe('the tasks of all experiments', () => {
  it('have a name each, by which a worker knows them', () => {
    expect(new Set(TASKS.map(({ method }) => method)).size).toBe(TASKS.length);
  });
});

describe('a request', () => {
  it('is complete when it is made, whatever was left out', () => {
    expect(completeRequest({ experiment: 'facts' })).toEqual({
      experiment: 'facts',
      model: { id: 'bert-base-uncased', revision: 'main' },
      data: { name: 'pararel', relations: null, limit: null, facts: null, maxAnswerTokens: null },
      asking: { site: null, continuation: 'answer' },
      protocol: 'eleutherai',
      neurons: {
        method: 'integrated_gradients',
        rule: 'riemann_endpoints',
        steps: 20,
        path: 'interpolated',
        threshold: { kind: 'adaptive', value: 0.3 },
        share: 0.3,
      },
      controls: { negatives: null, seed: 42 },
      interventions: { suppress: true, enhance: 2, unrelated: 'relation' },
      devices: { engine: 'auto', devices: null, workers: null, threads: null, batchMemory: null },
      results: { folder: 'results/bert-base-uncased', fresh: false },
      output: { reports: ['csv', 'figures', 'json'] },
    });
  });

  it.each(NAMES)('of %s is plain data, and completing it once more changes nothing', experiment => {
    const complete = completeRequest({ experiment });
    const read: RequestInput = JSON.parse(JSON.stringify(complete));
    expect(read).toEqual(complete);
    // To the order of its keys, by which run.json knows it again.
    expect(JSON.stringify(completeRequest(read))).toBe(JSON.stringify(complete));
  });

  it.each([
    ['demo', 'facts', 'demo', 'results/demo'],
    ['./models/my-bert/', 'update', 'pararel', 'results/my-bert-update'],
    ['org/name', 'erasure', 'pararel', 'results/name-erasure'],
  ] as const)('of the model %s has its data set and its folder', (id, experiment, data, folder) => {
    const request = completeRequest({ experiment, model: { id } });
    expect(request.data.name).toBe(data);
    expect(request.results.folder).toBe(folder);
  });

  it('has the defaults of its protocol, and what is said goes before them', () => {
    const { neurons } = completeRequest({ experiment: 'facts', protocol: 'dai', neurons: { steps: 50 } });
    expect(neurons).toEqual({
      method: 'integrated_gradients',
      rule: 'riemann_left',
      steps: 50,
      path: 'interpolated',
      threshold: { kind: 'adaptive', value: 0.2 },
      share: 0.7,
    });
  });

  it('has the lambdas of its edit rule, and what is said goes before them', () => {
    expect(completeRequest({ experiment: 'update', update: { lambda2: 4 } })).toMatchObject({
      update: { editRule: 'paper', lambda1: 1, lambda2: 4 },
    });
    expect(completeRequest({ experiment: 'update', update: { editRule: 'eleutherai' } })).toMatchObject({
      update: { lambda1: 2, lambda2: 2 },
    });
  });

  it.each<[unknown, RegExp]>([
    [null, /names no experiment/],
    [['facts'], /names no experiment/],
    [{ experiment: 'lama' }, /experiment: there is no "lama"/],
    [{ experiment: 'constructor' }, /there is no "constructor"/],
    [{ experiment: 'facts', modle: { id: 'demo' } }, /modle/],
    [{ experiment: 'facts', data: { limit: 0 } }, /request's data\.limit: .*>=1/],
    [{ experiment: 'facts', data: { limit: 1.5 } }, /request's data\.limit: .*int/],
    [{ experiment: 'facts', neurons: { share: 1 } }, /request's neurons\.share: .*<1/],
    [{ experiment: 'facts', neurons: { method: 'toString' } }, /request's neurons\.method/],
    [{ experiment: 'facts', neurons: { threshold: { kind: 'x', value: 1 } } }, /neurons\.threshold\.kind/],
    [{ experiment: 'facts', neurons: { given: '' } }, /request's neurons\.given/],
    [
      { experiment: 'facts', neurons: { given: [[1, 2]], share: 0.3 } },
      /neurons: given neurons are not found/,
    ],
    [{ experiment: 'facts', neurons: { method: 'activation', steps: 5 } }, /--steps is of no use with/],
    [{ experiment: 'facts', neurons: { steps: 1 } }, /riemann_endpoints takes 2 or more, not 1/],
    [{ experiment: 'facts', neurons: { given: '[[1,2],[1' } }, /--neurons/],
    [{ experiment: 'facts', neurons: { given: [[1, -2]] } }, /request's neurons/],
    [
      { experiment: 'facts', neurons: { given: [[1, 2]] }, controls: { negatives: 3 } },
      /--negatives is for neurons that are found/,
    ],
    [{ experiment: 'facts', protocol: 'dai', neurons: { given: 'n.json' } }, /finds its neurons itself/],
    [{ experiment: 'facts', update: {} }, /update/],
    [{ experiment: 'facts', devices: { devices: ['tpu'] } }, /request's devices\.devices/],
    [{ experiment: 'facts', devices: { devices: ['cpu,cpu'] } }, /request's devices\.devices/],
    [{ experiment: 'facts', output: { reports: ['pdf'] } }, /request's output\.reports/],
    [{ experiment: 'erasure', erasure: { top: 0 } }, /request's erasure\.top/],
  ])('that means nothing is refused, and the part is named: %o', (asked, message) => {
    expect(refusalOf(asked).message).toMatch(message);
  });

  it('names everything once', () => {
    const request = completeRequest({
      experiment: 'facts',
      data: { relations: ['P36', 'P30', 'P36'], facts: ['a', 'a'] },
      output: { reports: ['csv', 'csv'] },
    });
    expect(request.data).toMatchObject({ relations: ['P36', 'P30'], facts: ['a'] });
    expect(request.output.reports).toEqual(['csv']);
  });

  it('is kept without where and how it is computed', () => {
    const request = completeRequest({ experiment: 'facts', devices: { workers: 2 } });
    const kept = decisive(request);
    expect(Object.keys(kept)).not.toContain('devices');
    expect(Object.keys(kept)).not.toContain('results');
    expect(Object.keys(kept)).not.toContain('output');
    expect(decisive(completeRequest({ experiment: 'facts', results: { fresh: true } }))).toEqual(kept);
  });

  it('with given neurons has a command that gives them again', () => {
    const request = completeRequest({ experiment: 'facts', neurons: { given: [[1, 2]] } });
    const parts = { command: 'find', words: { first: [], last: [] }, draws: false };
    expect(commandLine(request, parts)).toContain("--neurons '[[1,2]]'");
    expect(commandLine(request, parts)).not.toContain('--protocol');
    for (const experiment of ['update', 'erasure'] as const) {
      const ofDai = completeRequest({ experiment, protocol: 'dai', neurons: { given: [[1, 2]] } });
      expect(commandLine(ofDai, parts)).toContain("--neurons '[[1,2]]' --protocol dai");
    }
  });
});
