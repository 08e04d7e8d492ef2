/** Two tensors for one role, and names with or without what stands before them: as transformers 5 reads such checkpoints. */
import { writeFileSync } from 'node:fs';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../runtime/engine.js';
import { describeWith, GOLDEN_DECODERS } from '../testing/shared.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { type TinyTensor, tinyBert, tinyGpt2, tinyGptNeo, withTensors } from '../testing/tiny-model.js';
import { loadModel } from './load.js';

const [GOLDEN_QWEN2] = GOLDEN_DECODERS.filter(folder => folder.includes('qwen2'));

beforeAll(async () => {
  await startEngine('wasm');
});

type Tensors = ReadonlyMap<string, TinyTensor>;
interface Changes {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly tensors?: (tensors: Tensors) => Iterable<readonly [string, TinyTensor]>;
}

/** The folder of a tiny model, changed. */
function folderOf(
  model: () => ReturnType<typeof tinyBert>,
  { config = {}, tensors = t => t }: Changes,
): string {
  const folder = temporaryFolder();
  const files = model();
  const changed = {
    ...files,
    'config.json': JSON.stringify({ ...JSON.parse(String(files['config.json'])), ...config }),
    'model.safetensors': withTensors(files['model.safetensors'], tensors),
  };
  for (const [name, content] of Object.entries(changed)) writeFileSync(join(folder, name), content);
  return folder;
}

/** The distribution over the vocabulary, and what was said of the files. */
async function predict(model: () => ReturnType<typeof tinyBert>, changes: Changes = {}) {
  const loaded = await loadModel(folderOf(model, changes));
  const prompt = loaded.tokenizer.encode(loaded.model.causal ? ' paris is' : 'paris is in [MASK] .', 12);
  const trace = loaded.model.trace({ tokens: [prompt.tokens], positions: [prompt.position] });
  const probabilities = [...loaded.model.probabilities(trace.prediction).dataSync()];
  trace.dispose();
  loaded.model.dispose();
  return { probabilities, notices: loaded.notices ?? [] };
}

const get = (tensors: Tensors, name: string): TinyTensor => {
  const found = tensors.get(name);
  if (!found) throw new Error(`no ${name}`);
  return found;
};
const times = ({ shape, values }: TinyTensor, factor: number) => ({
  shape,
  values: values.map(x => factor * x),
});
/** With one more tensor, made of another. */
const also = (name: string, of: string, factor: number) => (tensors: Tensors) =>
  new Map(tensors).set(name, times(get(tensors, of), factor));
const renamed = (rename: (name: string) => string) => (tensors: Tensors) =>
  [...tensors].map(([name, tensor]) => [rename(name), tensor] as const);

const BERT = {
  model: tinyBert,
  words: 'bert.embeddings.word_embeddings.weight',
  head: 'cls.predictions.decoder.weight',
};
const GPT2 = { model: tinyGpt2, words: 'wte.weight', head: 'lm_head.weight' };
const NEO = { model: tinyGptNeo, words: 'transformer.wte.weight', head: 'lm_head.weight' };

describe.each([BERT, GPT2, NEO])('a head that is tied to $words', ({ model, words, head }) => {
  it('may stand in the checkpoint a second time', async () => {
    const { probabilities, notices } = await predict(model, { tensors: also(head, words, 1) });
    expect(probabilities).toEqual((await predict(model)).probabilities);
    expect(notices).toEqual([]);
  });

  it('is itself where its values are others, and people are told', async () => {
    const { probabilities, notices } = await predict(model, { tensors: also(head, words, 3) });
    expect(probabilities).not.toEqual((await predict(model)).probabilities);
    expect(notices).toHaveLength(1);
    expect(notices[0]).toContain(`config.json ties ${head} to ${words}, but the checkpoint has both`);
    // As where the configuration says that they are two.
    const bias = 'cls.predictions.bias';
    const untied = await predict(model, {
      config: { tie_word_embeddings: false },
      tensors: tensors => {
        const both = also(head, words, 3)(tensors);
        return tensors.has(bias) ? also('cls.predictions.decoder.bias', bias, 1)(both) : both;
      },
    });
    expect(untied).toEqual({ probabilities, notices: [] });
  });

  it('may stand there alone, and is the embeddings too', async () => {
    const alone = await predict(model, { tensors: renamed(name => (name === words ? head : name)) });
    expect(alone).toEqual({ ...(await predict(model)), notices: [] });
  });

  it('is refused where the configuration says that it is its own, and it is not there', async () => {
    await expect(predict(model, { config: { tie_word_embeddings: false } })).rejects.toThrow(
      `the checkpoint has no tensor ${head}`,
    );
  });
});

describe("BERT's bias, which has two names", () => {
  const [first, second] = ['cls.predictions.bias', 'cls.predictions.decoder.bias'];

  it('may have either, or both with the same values', async () => {
    const plain = await predict(tinyBert);
    expect(await predict(tinyBert, { tensors: renamed(name => (name === first ? second : name)) })).toEqual(
      plain,
    );
    expect(await predict(tinyBert, { tensors: also(second, first, 1) })).toEqual(plain);
  });

  it('is the second where both are there and differ', async () => {
    const { probabilities, notices } = await predict(tinyBert, { tensors: also(second, first, 5) });
    expect(notices).toEqual([expect.stringContaining(`config.json ties ${second} to ${first}, but`)]);
    const replaced = await predict(tinyBert, {
      tensors: tensors => new Map(tensors).set(first, times(get(tensors, first), 5)),
    });
    expect(probabilities).toEqual(replaced.probabilities);
  });

  it('is the second alone where nothing is tied', async () => {
    const config = { tie_word_embeddings: false };
    const own = also(BERT.head, BERT.words, 1);
    await expect(predict(tinyBert, { config, tensors: own })).rejects.toThrow(`no tensor ${second}`);
    const untied = await predict(tinyBert, {
      config,
      tensors: tensors => also(second, first, 5)(own(tensors)),
    });
    expect(untied.notices).toEqual([]);
    const tied = await predict(tinyBert, {
      tensors: tensors => new Map(tensors).set(first, times(get(tensors, first), 5)),
    });
    expect(untied.probabilities).toEqual(tied.probabilities);
  });
});

describe('what stands before the names of tensors', () => {
  it.each([
    ['the encoder has nothing', (name: string) => name.replace(/^bert\./, '')],
    ['the head has it too', (name: string) => name.replace(/^cls\./, 'bert.cls.')],
    ['some have it', (name: string) => name.replace(/^bert\.encoder/, 'encoder')],
    ['the encoder has it twice', (name: string) => name.replace(/^bert\./, 'bert.bert.')],
  ])('may be lacking or be there: %s', async (_, rename) => {
    expect(await predict(tinyBert, { tensors: renamed(rename) })).toEqual(await predict(tinyBert));
  });

  it.each([
    ['the head has it too', (name: string) => name.replace(/^lm_head/, 'transformer.lm_head')],
    ['nothing has it', (name: string) => name.replace(/^transformer\./, '')],
  ])('may be lacking in a GPT or be there: %s', async (_, rename) => {
    const own = (tensors: Tensors) => also(NEO.head, NEO.words, 3)(tensors);
    const expected = await predict(tinyGptNeo, { tensors: own });
    const found = await predict(tinyGptNeo, { tensors: tensors => renamed(rename)(own(tensors)) });
    expect(found.probabilities).toEqual(expected.probabilities);
    expect(found.notices).toHaveLength(1);
  });

  it('is refused where it makes two of one', async () => {
    const twice = also('embeddings.word_embeddings.weight', BERT.words, 1);
    await expect(predict(tinyBert, { tensors: twice })).rejects.toThrow(
      `tensors ${BERT.words} and embeddings.word_embeddings.weight are two names of one`,
    );
  });

  it('is not DataParallel\'s "module.", which transformers does not read', async () => {
    const refused = predict(tinyBert, { tensors: renamed(name => `module.${name}`) });
    await expect(refused).rejects.toThrow(`the checkpoint has no tensor ${BERT.words}`);
    await expect(refused).rejects.toMatchObject({ remedy: expect.stringContaining('save model.module') });
  });
});

it('nothing stays behind where a tied tensor cannot be read', async () => {
  const { numTensors } = tf.memory();
  const cut = (tensors: Tensors) =>
    new Map(tensors).set(BERT.head, { shape: [1, 4], values: new Float32Array(4) });
  await expect(predict(tinyBert, { tensors: cut })).rejects.toThrow('has shape [1,4]');
  expect(tf.memory().numTensors).toBe(numTensors);
});

describeWith(GOLDEN_QWEN2, 'a Qwen2 whose head is tied', () => {
  it('may be saved without the head, and without "model." before its names', async () => {
    const folder = temporaryFolder();
    await cp(GOLDEN_QWEN2, folder, { recursive: true });
    const file = await readFile(join(GOLDEN_QWEN2, 'model.safetensors'));
    await rm(join(folder, 'model.safetensors'), { force: true });
    const bare = withTensors(
      file,
      renamed(name => name.replace(/^model\./, '')),
    );
    await writeFile(join(folder, 'model.safetensors'), bare);
    const predictions = await Promise.all(
      [GOLDEN_QWEN2, folder].map(async of => {
        const { model } = await loadModel(of);
        const trace = model.trace({ tokens: [[5, 6, 7]], positions: [2] });
        return [...model.probabilities(trace.prediction).dataSync()];
      }),
    );
    expect(predictions[1]).toEqual(predictions[0]);
  });
});
