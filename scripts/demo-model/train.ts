/**
 * Trains the embedded demo model from the embedded demo data and nothing else, and writes it to
 * data/demo-model. The same numbers come out at every run: `npm run train:demo`.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { openDataset } from '../../src/dataset/dataset.js';
import { DEMO_DATA, DEMO_MODEL } from '../../src/embedded.js';
import { CheckedTokenizer } from '../../src/model/tokenizer/checked-tokenizer.js';
import { MaskedTokenizer } from '../../src/model/tokenizer/masked-tokenizer.js';
import { pythonTokenizer } from '../../src/model/tokenizer/python-tokenizer.js';
import { answerIds, type EncodedPrompt } from '../../src/model/tokenizer/tokenizer.js';
import { startEngine } from '../../src/runtime/engine.js';
import { shuffled, uniform } from '../random.js';
import { saveNetwork } from './checkpoint.js';
import { attendFirst, embed, type Network, predict, randomNetwork, SHAPE } from './network.js';
import { demoVocabulary } from './vocabulary.js';
import { wordPieceTokenizer } from './word-piece-tokenizer.js';

const BATCH = 64;
const LEARNING_RATE = 0.002;
const LABEL_SMOOTHING = 0.1;
/** Training on makes the model sure of itself, and an intervention then moves less. */
const STOP_AT_ACCURACY = 0.95;
const MAX_EPOCHS = 60;

interface Example extends EncodedPrompt {
  readonly answer: number;
}

await startEngine('wasm');
const dataset = await openDataset(DEMO_DATA);
const facts = dataset.facts.map(dataset.withPrompts);
const vocabulary = demoVocabulary(facts);
const tokenizerJson = wordPieceTokenizer(vocabulary, {});
const words = { vocab: tokenizerJson.model.vocab, merges: [] };
const read = pythonTokenizer('tokenizer.json', 'BertTokenizer', words, { config: {} });
const tokenizer = new MaskedTokenizer(new CheckedTokenizer('tokenizer.json', read, vocabulary.length));
const examples = facts.flatMap(({ object, prompts }) =>
  prompts.map(prompt => ({
    ...tokenizer.encode(prompt, SHAPE.positions),
    answer: answerIds(tokenizer, object)[0],
  })),
);
console.log(`${facts.length} facts, ${examples.length} prompts, ${vocabulary.length} tokens`);

const network = randomNetwork(vocabulary.length);
const optimizer = tf.train.adam(LEARNING_RATE);
const random = uniform(42);
for (let epoch = 1; epoch <= MAX_EPOCHS; epoch++) {
  let correct = 0;
  for (const batch of batches(examples)) correct += trainOn(network, batch);
  const accuracy = correct / examples.length;
  console.log(`epoch ${epoch}: ${(100 * accuracy).toFixed(1)}% of the prompts`);
  if (accuracy >= STOP_AT_ACCURACY) break;
}

await saveNetwork(DEMO_MODEL, network, vocabulary.length);
const json = (name: string, value: unknown) =>
  writeFileSync(join(DEMO_MODEL, name), `${JSON.stringify(value, null, 1)}\n`);
json('tokenizer.json', tokenizerJson);
json('tokenizer_config.json', {
  tokenizer_class: 'BertTokenizer',
  do_lower_case: true,
  mask_token: '[MASK]',
});
console.log(`written to ${DEMO_MODEL}`);

/** Batches of prompts of one length, in a new order each time. */
function batches(examples: readonly Example[]): Example[][] {
  const lengths = [...new Set(examples.map(({ tokens }) => tokens.length))].sort((a, b) => a - b);
  const all = lengths.flatMap(length => {
    const group = shuffled(
      examples.filter(({ tokens }) => tokens.length === length),
      random,
    );
    return Array.from({ length: Math.ceil(group.length / BATCH) }, (_, i) =>
      group.slice(i * BATCH, (i + 1) * BATCH),
    );
  });
  return shuffled(all, random);
}

/** One step of Adam. Returns how many prompts the network answered before it. */
function trainOn(network: Network, batch: readonly Example[]): number {
  return tf.tidy(() => {
    const length = batch[0].tokens.length;
    const ids: number[] = [];
    const places: number[] = [];
    for (let t = 0; t < length; t++) {
      for (const { tokens, position } of batch) {
        const place = t === 0 ? position : t <= position ? t - 1 : t; // the mask first, as in EncoderModel
        ids.push(tokens[place]);
        places.push(place);
      }
    }
    const attended = attendFirst(network, embed(network, ids, places), batch.length);
    let correct = 0;
    const { grads } = tf.variableGrads(() => {
      const hidden = predict(network, attended, batch.length);
      const { loss, best } = crossEntropy(
        hidden,
        network.wordEmbeddings,
        batch.map(({ answer }) => answer),
      );
      correct = best.filter((id, i) => id === batch[i].answer).length;
      return loss;
    });
    optimizer.applyGradients(Object.entries(grads).map(([name, tensor]) => ({ name, tensor })));
    return correct;
  });
}

/** Mean cross-entropy with label smoothing, and the most probable token of each row. */
function crossEntropy(hidden: tf.Tensor2D, embeddings: tf.Tensor2D, answers: number[]) {
  const [size] = embeddings.shape;
  let best: number[] = [];
  const operation = tf.customGrad<tf.Scalar>((_, save) => {
    if (typeof save !== 'function') throw new TypeError('tf.customGrad passed no save function');
    const probabilities = tf.softmax(tf.matMul(hidden, tf.transpose(embeddings)));
    const oneHot = tf.cast(tf.oneHot(tf.tensor1d(answers, 'int32'), size), 'float32');
    const target = tf.add(tf.mul(oneHot, 1 - LABEL_SMOOTHING), LABEL_SMOOTHING / size);
    best = [...tf.argMax(probabilities, 1).dataSync()];
    save([probabilities, target]);
    return {
      value: tf.neg(tf.mean(tf.sum(tf.mul(target, tf.log(tf.add(probabilities, 1e-9))), 1))),
      gradFunc: (dy, [probabilities, target]) =>
        tf.mul(tf.matMul(tf.div(tf.sub(probabilities, target), answers.length), embeddings), dy),
    };
  });
  const loss = operation(hidden);
  return { loss, best };
}
