/** The reference models against Python's transformers. KN_TEST_PYTHON names a Python that has torch and transformers. */
import { execFile } from 'node:child_process';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { relativeError } from '../finite-differences.js';
import { RANDOM_DECODERS } from '../random-decoders/random-decoders.js';
import { writeRandomDecoder } from '../random-decoders/write-random-decoder.js';
import { describeWith, GOLDEN_DECODERS, GOLDEN_GPT_NEO, GOLDEN_GPT2 } from '../shared.js';
import { temporaryFolder } from '../temporary-folder.js';
import { ReferenceDecoder } from './reference-decoder.js';

const PYTHON = process.env.KN_TEST_PYTHON;

/**
 * Prints for each folder the distribution over the vocabulary and what the last matrix of each network takes in, at the last
 * token, as JSON; loads nothing that the folder lacks, and leaves nothing that it has. Where Python is asked for doubles, norms and
 * angles are float32 all the same.
 */
const PROGRAM = `
import json, sys, torch
from transformers import AutoModelForCausalLM
folders, tokens = json.loads(sys.argv[1]), json.loads(sys.argv[2])
last = ("mlp.c_proj", "mlp.fc_out", "mlp.dense_4h_to_h", ".fc2", "mlp.down_proj")
results = []
for folder in folders:
    model, loading = AutoModelForCausalLM.from_pretrained(
        folder, output_loading_info=True, local_files_only=True, dtype=torch.float64, attn_implementation="eager")
    assert not any(loading.values()), (folder, loading)
    activations = []
    for name, module in model.named_modules():
        if name.endswith(last):
            module.register_forward_pre_hook(
                lambda _, x: activations.append(x[0].reshape(-1, x[0].shape[-1])[-1].tolist()))
    with torch.no_grad():
        logits = model.eval()(torch.tensor([tokens])).logits[0, -1]
    results.append({"probabilities": logits.double().softmax(-1).tolist(), "activations": activations})
print(json.dumps(results))
`;

interface PythonPass {
  readonly probabilities: readonly number[];
  readonly activations: readonly (readonly number[])[];
}

const TOKENS = [11, 30, 7, 3, 25, 36, 9, 8];

async function expectAgreement(folders: readonly string[]): Promise<void> {
  const args = ['-c', PROGRAM, JSON.stringify(folders), JSON.stringify(TOKENS)];
  const { stdout } = await promisify(execFile)(PYTHON ?? '', args, { maxBuffer: 2 ** 26 });
  const passes: PythonPass[] = JSON.parse(stdout);
  for (const [i, folder] of folders.entries()) {
    const found = (await ReferenceDecoder.load(folder)).run(TOKENS);
    expect(found.probabilities).toHaveLength(passes[i].probabilities.length);
    expect(relativeError(found.probabilities, passes[i].probabilities), folder).toBeLessThan(1e-5);
    expect(found.activations).toHaveLength(passes[i].activations.length);
    found.activations.forEach((layer, at) => {
      expect(relativeError(layer, passes[i].activations[at]), `${folder}, layer ${at}`).toBeLessThan(1e-5);
    });
  }
}

it.skipIf(PYTHON === undefined)(
  'references give what transformers gives for random models of every family (needs KN_TEST_PYTHON)',
  async () => {
    const folders: string[] = [];
    for (const [name, decoder] of Object.entries(RANDOM_DECODERS)) {
      const folder = join(temporaryFolder(), name.replace(/[ ,]+/g, '-'));
      await writeRandomDecoder(folder, decoder);
      folders.push(folder);
    }
    await expectAgreement(folders);
  },
);

describeWith(GOLDEN_GPT2, 'references', () => {
  const golden = [GOLDEN_GPT2, GOLDEN_GPT_NEO, ...GOLDEN_DECODERS];
  it.skipIf(PYTHON === undefined)(
    `give what transformers gives for ${golden.map(folder => basename(folder)).join(', ')} (needs KN_TEST_PYTHON)`,
    () => expectAgreement(golden),
  );
});
