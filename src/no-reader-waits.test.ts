/** In the place of every file that is read: a pipe, which would be waited at, a device without an end, a folder. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { askedFact } from './cli/options/fact-request.js';
import { openDataset } from './dataset/dataset.js';
import { UserError } from './errors.js';
import { readResultsFolder } from './experiment/facts/results-file.js';
import { checkResultsPlace } from './experiment/run/results-folder.js';
import { hashFiles } from './model/checkpoint/checkpoint.js';
import { copyModel } from './model/checkpoint/copy-model.js';
import { loadModel } from './model/load.js';
import { readNeuronFiles, readNeuronList } from './neurons/neuron-file.js';
import { startEngine } from './runtime/engine.js';
import { findInstalledTensorflow } from './runtime/engines/installed-tensorflow.js';
import { takeLock } from './runtime/locks/process-lock.js';
import { digestOf } from './setup/checksum.js';
import { cudaRequirementsOf } from './setup/requirements.js';
import { unpackPackage, unpackTensorflow } from './setup/unpack.js';
import { temporaryFolder } from './testing/temporary-folder.js';
import { tinyBert, tinyGpt2 } from './testing/tiny-model.js';

type Files = Readonly<Record<string, string | Uint8Array>>;

interface Reader {
  /** What else is in the folder. */
  readonly files?: Files;
  readonly read: (folder: string, file: string) => Promise<unknown>;
}

const { 'model.safetensors': weights, 'vocab.txt': _, ...bert } = tinyBert();
const DATA = {
  'graphs_json/P36.jsonl': '{"pattern": "[X] is governed from [Y] ."}',
  'trex_lms_vocab/P36.jsonl': '{"uuid": "a", "sub_label": "France", "obj_label": "Paris"}',
};
const sha256 = { algorithm: 'sha256', encoding: 'hex' } as const;

/** By the file that something else lies in the place of. */
const READERS: Readonly<Record<string, Reader>> = {
  'config.json': { read: loadModel },
  'tokenizer.json': { files: bert, read: loadModel },
  'tokenizer_config.json': { files: bert, read: loadModel },
  'vocab.txt': { files: bert, read: loadModel },
  'added_tokens.json': { files: tinyBert(), read: loadModel },
  'special_tokens_map.json': { files: tinyBert(), read: loadModel },
  'vocab.json': { files: tinyGpt2(), read: loadModel },
  'merges.txt': { files: tinyGpt2(), read: loadModel },
  'model.safetensors': { files: tinyBert(), read: loadModel },
  'model.safetensors.index.json': { files: { ...tinyBert(), 'model.safetensors': '' }, read: withoutWeights },
  'a.safetensors': {
    files: {
      ...tinyBert(),
      'model.safetensors.index.json': '{"weight_map": {"a": "a.safetensors", "b": "b.safetensors"}}',
      'b.safetensors': weights,
    },
    read: withoutWeights,
  },
  'README.md': {
    files: tinyBert(),
    read: async folder => {
      mkdirSync(join(folder, 'copy'));
      await copyModel(folder, join(folder, 'copy'));
    },
  },
  'hashed.json': { read: (folder, file) => hashFiles(folder, [file]) },
  'graphs_json/P36.jsonl': { files: DATA, read: folder => openDataset(folder) },
  'trex_lms_vocab/P36.jsonl': { files: DATA, read: folder => openDataset(folder) },
  'run.json': { read: folder => checkResultsPlace({ folder, fresh: false }) },
  'journal.jsonl': { read: folder => checkResultsPlace({ folder, fresh: false }) },
  'sessions.jsonl': { read: folder => checkResultsPlace({ folder, fresh: false }) },
  'a.lock': { read: (folder, file) => takeLock(join(folder, file)) },
  'm_neurons_0.json': { read: folder => readNeuronFiles(folder) },
  'neurons.json': { read: (folder, file) => readNeuronList(join(folder, file)) },
  'm_results_0.json': { read: folder => readResultsFolder(folder) },
  'prompts.txt': { read: (folder, file) => askedFact({ answer: 'a', prompts: join(folder, file) }) },
  'negatives.txt': {
    read: (folder, file) => askedFact({ answer: 'a', prompt: ['a'], negativePrompts: join(folder, file) }),
  },
  'a.whl': { read: (folder, file) => unpackTensorflow(join(folder, file), join(folder, 'engine')) },
  'b.whl': { read: (folder, file) => cudaRequirementsOf(join(folder, file)) },
  'c.whl': { read: (folder, file) => digestOf(join(folder, file), sha256) },
  'a.tar.gz': { read: (folder, file) => unpackTensorflow(join(folder, file), join(folder, 'engine')) },
  'a.tgz': { read: (folder, file) => unpackPackage(join(folder, file), join(folder, 'package')) },
  'library/libtensorflow.so.2': {
    read: folder => unpackTensorflow(join(folder, 'library'), join(folder, 'engine')),
  },
  'engine.json': { read: folder => findInstalledTensorflow(folder) },
};

async function withoutWeights(folder: string): Promise<unknown> {
  rmSync(join(folder, 'model.safetensors'));
  return loadModel(folder);
}

const IN_ITS_PLACE = {
  'a pipe': (path: string) => execFileSync('mkfifo', [path]),
  'a device': (path: string) => symlinkSync('/dev/zero', path),
  'a folder': (path: string) => mkdirSync(path),
  // As a cache has it whose files were swept away: not the same as nothing, in the place of which a default is taken.
  'a link to nothing': (path: string) => symlinkSync('/nowhere', path),
};

beforeAll(async () => {
  await startEngine('wasm');
});

describe.each(Object.entries(READERS))('in the place of %s', (file, { files = {}, read }) => {
  it.each(Object.entries(IN_ITS_PLACE))(
    '%s is refused, and not waited for',
    { timeout: 10_000 },
    async (_, put) => {
      const folder = temporaryFolder();
      for (const [name, content] of Object.entries({ ...files, [file]: '' })) {
        mkdirSync(dirname(join(folder, name)), { recursive: true });
        writeFileSync(join(folder, name), content);
      }
      rmSync(join(folder, file));
      put(join(folder, file));
      const refusal = await read(folder, file).then(
        () => 'none',
        (error: unknown) => error,
      );
      expect(refusal).toBeInstanceOf(UserError);
      expect(String(refusal)).toMatch(
        /: it is a (pipe|device|folder|link)|: cannot be read \(no such file|holds no libtensorflow|neither a wheel/,
      );
    },
  );
});
