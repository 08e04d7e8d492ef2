import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { DEMO_MODEL } from '../embedded.js';
import { type LoadedModel, loadModel } from '../model/load.js';
import { answerIds } from '../model/tokenizer/tokenizer.js';
import { startEngine } from '../runtime/engine.js';
import { describeWith, GOLDEN_BERT, readGolden } from '../testing/shared.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { type CoarseThreshold, coarseNeurons } from './coarse.js';
import { findNeurons } from './find.js';
import {
  checkNeurons,
  formatNeuronFile,
  parseNeurons,
  readNeuronFile,
  readNeuronFiles,
  readNeuronList,
} from './neuron-file.js';
import { refinedNeurons, splitByNegatives } from './refined.js';

describe('coarse neurons', () => {
  const scores = [Float32Array.of(1, -4, 2), Float32Array.of(0.5, 3, 2)];

  it.each<[CoarseThreshold, [number, number][]]>([
    [{ kind: 'absolute', value: 2 }, [[1, 1]]],
    [
      { kind: 'absolute', value: 1.99 },
      [
        [0, 2],
        [1, 1],
        [1, 2],
      ],
    ],
    // 0.5 x 3 = 1.5
    [
      { kind: 'adaptive', value: 0.5 },
      [
        [0, 2],
        [1, 1],
        [1, 2],
      ],
    ],
    [{ kind: 'adaptive', value: 1 }, []],
    // numpy.percentile([1, -4, 2, 0.5, 3, 2], 50) = 1.5; of 60: 2
    [
      { kind: 'percentile', value: 50 },
      [
        [0, 2],
        [1, 1],
        [1, 2],
      ],
    ],
    [{ kind: 'percentile', value: 60 }, [[1, 1]]],
    [{ kind: 'percentile', value: 100 }, []],
  ])('are strictly above %o', (threshold, expected) => {
    expect(coarseNeurons(scores, threshold)).toEqual(expected);
  });

  it.each<[CoarseThreshold, [number, number][]]>([
    [{ kind: 'adaptive', value: 1, inclusive: true }, [[1, 1]]],
    // 2/3 of 3 is 2, which two scores are.
    [
      { kind: 'adaptive', value: 2 / 3, inclusive: true },
      [
        [0, 2],
        [1, 1],
        [1, 2],
      ],
    ],
    [
      { kind: 'absolute', value: 2, inclusive: true },
      [
        [0, 2],
        [1, 1],
        [1, 2],
      ],
    ],
    [{ kind: 'percentile', value: 100, inclusive: true }, [[1, 1]]],
  ])('include the threshold itself where that is asked for: %o', (threshold, expected) => {
    expect(coarseNeurons(scores, threshold)).toEqual(expected);
  });

  it('are none above or at a share of a highest score below zero, which is above it', () => {
    const below = [Float32Array.of(-1, -2)];
    expect(coarseNeurons(below, { kind: 'adaptive', value: 0.2, inclusive: true })).toEqual([]);
  });
});

describe('refined neurons', () => {
  const coarse: [number, number][][] = [
    [
      [1, 5],
      [0, 2],
    ],
    [
      [0, 2],
      [1, 5],
    ],
    [
      [0, 2],
      [2, 0],
    ],
    [[0, 2]],
  ];

  it('are coarse in strictly more than the share of the prompts, in the order of layers', () => {
    expect(refinedNeurons(coarse, 0)).toEqual([
      [0, 2],
      [1, 5],
      [2, 0],
    ]);
    expect(refinedNeurons(coarse, 0.25)).toEqual([
      [0, 2],
      [1, 5],
    ]);
    expect(refinedNeurons(coarse, 0.5)).toEqual([[0, 2]]);
    expect(refinedNeurons(coarse, 0.99)).toEqual([[0, 2]]);
  });

  it('are none where there are no prompts', () => {
    expect(refinedNeurons([], 0.5)).toEqual([]);
  });
});

describe('negative prompts', () => {
  it('remove what is coarse in any of them, however rarely', () => {
    const neurons: [number, number][] = [
      [0, 2],
      [1, 5],
      [2, 0],
    ];
    const { kept, removed } = splitByNegatives(neurons, [[[2, 1]], [[5, 1]], [[1, 5]], []]);
    expect(removed).toEqual([[1, 5]]);
    expect(kept).toEqual([
      [0, 2],
      [2, 0],
    ]);
    expect(splitByNegatives(neurons, [])).toEqual({ kept: neurons, removed: [] });
  });

  it("are asked for the fact's own answer, which is wrong there, and change no prompt's scores", async () => {
    await startEngine('wasm');
    const { model, tokenizer } = await loadModel(DEMO_MODEL);
    const ask = (...subjects: string[]) =>
      subjects.map(subject =>
        tokenizer.ask(`${subject} is governed from [MASK].`, answerIds(tokenizer, 'paris'), model.maxTokens),
      );
    const options = {
      rule: 'riemann_endpoints',
      steps: 4,
      threshold: { kind: 'adaptive', value: 0.1 },
      share: 0.5,
    } as const;
    const alone = await findNeurons(model, ask('france'), options);
    const negatives = ask('spain', 'italy');
    const found = await findNeurons(model, ask('france'), { ...options, negatives });
    expect(found.prompts).toEqual(alone.prompts);
    for (const [i, negative] of negatives.entries()) {
      const own = await findNeurons(model, [negative], options);
      expect(found.negatives[i].coarse).toEqual(own.prompts[0].coarse);
    }
    const negative = found.negatives.flatMap(({ coarse }) => coarse.map(String));
    expect(found.neurons).toEqual(alone.neurons.filter(neuron => !negative.includes(String(neuron))));
    expect(found.removed).toEqual(alone.neurons.filter(neuron => negative.includes(String(neuron))));
    expect(found.neurons.length).toBeGreaterThan(0);
    expect(found.removed.length).toBeGreaterThan(0);
  });
});

describeWith(GOLDEN_BERT, "EleutherAI's neurons on the golden model", () => {
  const golden = readGolden();
  const ig = { rule: 'riemann_endpoints', steps: 20 } as const;
  const thresholds: Record<string, CoarseThreshold> = {
    adaptive_threshold_0_3: { kind: 'adaptive', value: 0.3 },
    threshold_1e_4: { kind: 'absolute', value: 1e-4 },
    percentile_95: { kind: 'percentile', value: 95 },
  };
  let loaded: LoadedModel;
  beforeAll(async () => {
    await startEngine('wasm');
    loaded = await loadModel(GOLDEN_BERT);
  });

  const find = (prompts: readonly string[], threshold: CoarseThreshold, share: number) => {
    const { model, tokenizer } = loaded;
    const answer = answerIds(tokenizer, golden.target);
    const queries = prompts.map(prompt => tokenizer.ask(prompt, answer, model.maxTokens));
    return findNeurons(model, queries, { ...ig, threshold, share });
  };

  it('cover every threshold of the golden file', () => {
    expect(Object.keys(golden.coarse)).toEqual(Object.keys(thresholds));
  });

  it.each(Object.keys(thresholds))('are the coarse ones exactly: %s', async name => {
    const [first] = (await find([golden.prompts[0]], thresholds[name], 0.5)).prompts;
    expect(first.coarse).toEqual(golden.coarse[name]);
  });

  it.each([0.3, 0.5, 0.7])('are the refined ones exactly: share %d', async share => {
    const found = await find(golden.prompts, { kind: 'adaptive', value: 0.3 }, share);
    expect(found.neurons).toEqual(golden.refined[`p_${share}`]);
  });
});

describe('neuron files', () => {
  const fileWith = async (content: string, name = 'neurons.json') => {
    const path = join(temporaryFolder(), name);
    await writeFile(path, content);
    return path;
  };

  it('are read back as they were written, a fact a line', async () => {
    const neurons = new Map([
      ['b', [[9, 2041]] as const],
      ['a', []],
    ]);
    const text = formatNeuronFile(neurons);
    expect(text).toBe('{\n"b": [[9,2041]],\n"a": []\n}\n');
    expect(await readNeuronFile(await fileWith(text))).toEqual(neurons);
  });

  it("may be the replication's, indented", async () => {
    const path = await fileWith(
      JSON.stringify(
        {
          'u-1': [
            [10, 188],
            [10, 296],
          ],
        },
        null,
        4,
      ),
    );
    expect((await readNeuronFile(path)).get('u-1')).toEqual([
      [10, 188],
      [10, 296],
    ]);
  });

  it('are taken together from a folder of shards', async () => {
    const folder = temporaryFolder();
    await writeFile(join(folder, 'm_pararel_neurons_0.json'), '{"a": [[0, 1]]}');
    await writeFile(join(folder, 'm_pararel_neurons_1.json'), '{"b": []}');
    expect([...(await readNeuronFiles(folder)).keys()]).toEqual(['a', 'b']);
    await writeFile(join(folder, 'm_pararel_neurons_2.json'), '{"a": []}');
    await expect(readNeuronFiles(folder)).rejects.toThrow('the fact a is in another file of the folder too');
  });

  it.each([
    ...['[]', '{"a": [[1]]}', '{"a": [[1, -2]]}', '{"a": [[0.5, 1]]}', '{"a": 3}', '{"a": [[1e999, 1]]}'],
    ...['{"a": [[1000, 1]]}', '{"a": [[1, 16777216]]}', '{"a": [[1, 2], [1, 2]]}', '{"a": [], "a": []}'],
    '{"__proto__": [[1, 2]]}',
  ])('are refused: %s', async content => {
    const path = await fileWith(content);
    await expect(readNeuronFile(path)).rejects.toThrow(path);
  });

  it('of one fact hold a list, or what kn find --json prints', async () => {
    expect(await readNeuronList(await fileWith('[[9,2041]]'))).toEqual([[9, 2041]]);
    expect(await readNeuronList(await fileWith('{"answer":"paris","neurons":[[1,2]],"prompts":[]}'))).toEqual(
      [[1, 2]],
    );
    await expect(readNeuronList(await fileWith('{"uuid": [[1,2]]}'))).rejects.toThrow(
      'not the neurons of one fact',
    );
  });
});

describe('given neurons', () => {
  it('are parsed from the command line', () => {
    expect(parseNeurons('[[9,2041],[10,7]]')).toEqual([
      [9, 2041],
      [10, 7],
    ]);
    expect(parseNeurons(' []')).toEqual([]);
    expect(parseNeurons('file.json')).toBeUndefined();
  });

  it.each([
    ['[[9]]', "--neurons '[[9]]': "],
    ['[[9,-1]]', 'at 0.1'],
    ['[[9,1.5]]', 'at 0.1'],
    ['[[9,1],[9', 'JSON'],
    ['[[9,1],[9,1]]', 'a neuron stands there twice'],
  ])('are refused where they are none: %s', (text, message) => {
    expect(() => parseNeurons(text)).toThrow(message);
  });

  it("must be the model's", () => {
    const model = { layers: 2, intermediateSize: 512 };
    expect(() => checkNeurons([[1, 511]], model)).not.toThrow();
    expect(() => checkNeurons([[2, 0]], model)).toThrow('the model has no neuron [2, 0]');
    expect(() => checkNeurons([[0, 512]], model)).toThrow('the model has no neuron [0, 512]');
  });
});
