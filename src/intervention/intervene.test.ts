import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { DEMO_MODEL } from '../embedded.js';
import { type LoadedModel, loadModel } from '../model/load.js';
import { answerIds } from '../model/tokenizer/tokenizer.js';
import { startEngine } from '../runtime/engine.js';
import { describeWith, GOLDEN_BERT, readGolden } from '../testing/shared.js';
import { standingOf, topTokens } from './distribution.js';
import { ENHANCE, intervene, multipliers, predict, SUPPRESS } from './intervene.js';

beforeAll(async () => {
  await startEngine('wasm');
});

const encode = ({ model, tokenizer }: LoadedModel, prompt: string) =>
  tokenizer.encode(prompt, model.maxTokens);

describeWith(GOLDEN_BERT, "EleutherAI's interventions on the golden model (computed in float64)", () => {
  const golden = readGolden();
  const single = golden.edits.filter(({ target }) => target !== 'stockholm'); // three tokens in this vocabulary

  it.each(single)('give the probability to 1e-5 and the prediction exactly: $prompt', async edit => {
    const loaded = await loadModel(GOLDEN_BERT);
    const [{ before, after }] = await intervene(loaded.model, [encode(loaded, edit.prompt)], golden.neurons, [
      SUPPRESS,
      ENHANCE,
    ]);
    const answer = answerIds(loaded.tokenizer, edit.target)[0];
    for (const [distribution, expected] of [
      [before, edit.before],
      [after[0], edit.suppress],
      [after[1], edit.enhance],
    ] as const) {
      expect(Math.abs(standingOf(answer, distribution).probability / expected.target_prob - 1)).toBeLessThan(
        1e-5,
      );
      expect(topTokens(distribution, 1)[0].id).toBe(expected.argmax_id);
    }
    loaded.model.dispose();
  });
});

describe('an intervention', () => {
  let demo: LoadedModel;
  beforeAll(async () => {
    demo = await loadModel(DEMO_MODEL);
  });

  it('without neurons changes nothing', async () => {
    const [{ before, after }] = await intervene(
      demo.model,
      [encode(demo, 'france is governed from [MASK].')],
      [],
      [SUPPRESS],
    );
    expect(after[0]).toEqual(before);
  });

  it('with factor 1 changes nothing beyond rounding', async () => {
    const [{ before, after }] = await intervene(
      demo.model,
      [encode(demo, 'france is governed from [MASK].')],
      [
        [0, 3],
        [1, 7],
      ],
      [1],
    );
    before.forEach((p, id) => {
      expect(Math.abs(after[0][id] - p)).toBeLessThan(1e-6);
    });
  });

  it('gives each prompt its own result, in the given order, whatever the lengths', async () => {
    const prompts = [
      'france is governed from [MASK].',
      'the ministries of peru are in [MASK].',
      'italy is governed from [MASK].',
    ];
    const encoded = prompts.map(prompt => encode(demo, prompt));
    const together = await intervene(
      demo.model,
      encoded,
      [
        [0, 3],
        [1, 7],
      ],
      [SUPPRESS],
    );
    for (const [i, prompt] of encoded.entries()) {
      const [alone] = await intervene(
        demo.model,
        [prompt],
        [
          [0, 3],
          [1, 7],
        ],
        [SUPPRESS],
      );
      alone.after[0].forEach((p, id) => {
        expect(Math.abs(together[i].after[0][id] - p)).toBeLessThan(1e-6);
      });
    }
  });

  const SETS = [
    new Map(),
    multipliers([[1, 7]], SUPPRESS),
    multipliers(
      [
        [0, 3],
        [1, 7],
      ],
      ENHANCE,
    ),
    multipliers([[1, 7]], ENHANCE),
    new Map(),
  ];
  const PROMPTS = [
    'france is governed from [MASK].',
    'the ministries of peru are in [MASK].',
    'italy is governed from [MASK].',
    'the government of italy sits in the city of [MASK].',
  ];

  it('gives the same bits whatever shares its products: batches, other prompts, other sets', async () => {
    const prompts = PROMPTS.map(prompt => encode(demo, prompt));
    const together = await predict(demo.model, prompts, SETS);
    expect(await predict(demo.model, prompts, SETS, { batchBytes: 1e5 })).toEqual(together);
    for (const [i, prompt] of prompts.entries())
      for (const [j, set] of SETS.entries())
        expect(await predict(demo.model, [prompt], [set])).toEqual([[together[i][j]]]);
    expect(together[0][3]).not.toEqual(together[0][1]);
    expect(together[0][4]).toEqual(together[0][0]);
  });

  it('reads the vocabulary matrix once, for prompts of all lengths under all sets', async () => {
    const prompts = PROMPTS.map(prompt => encode(demo, prompt));
    const { kernels, result } = await tf.profile(async () => {
      await predict(demo.model, prompts, SETS);
      return tf.scalar(0);
    });
    tf.dispose(result);
    const { vocabularySize } = demo.model;
    const ofVocabulary = kernels.filter(
      ({ name, outputShapes: [shape] }) => name === 'BatchMatMul' && shape.includes(vocabularySize),
    );
    // One row stands for all sets that change nothing.
    expect(ofVocabulary.map(({ outputShapes: [shape] }) => shape)).toEqual([[vocabularySize, 4 * 4]]);
  });

  it('leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    for (let fact = 0; fact < 20; fact++) {
      await intervene(
        demo.model,
        [encode(demo, 'france is governed from [MASK].')],
        [[1, 7]],
        [SUPPRESS, ENHANCE],
      );
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('a distribution', () => {
  const distribution = Float32Array.of(0.1, 0.4, 0.1, 0.4);

  it('ranks an answer by the tokens that are more probable', () => {
    expect(standingOf(1, distribution)).toEqual({ probability: Math.fround(0.4), rank: 1 });
    expect(standingOf(3, distribution).rank).toBe(1);
    expect(standingOf(0, distribution).rank).toBe(3);
  });

  it('gives tokens of the same probability the same rank', () => {
    const ties = Float32Array.of(0.2, 0.3, 0.2, 0.3);
    expect([0, 1, 2, 3].map(answer => standingOf(answer, ties).rank)).toEqual([3, 1, 3, 1]);
  });

  it('lists its most probable tokens, the lower id first where they are equal', () => {
    expect(topTokens(distribution, 3).map(({ id }) => id)).toEqual([1, 3, 0]);
    expect(topTokens(distribution, 9)).toHaveLength(4);
  });
});
