/** Saved checkpoints in Python's transformers. KN_TEST_PYTHON names a Python that has torch and transformers. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../runtime/engine.js';
import { describeWith, GOLDEN_MODELS, readGolden } from '../testing/shared.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { loadModel } from './load.js';
import { saveCheckpoint } from './save.js';

const PYTHON = process.env.KN_TEST_PYTHON;

/** Prints the distribution over the vocabulary, as JSON; loads nothing that the folder lacks. */
const PROGRAM = `
import json, sys, torch
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM
folder, tokens, position = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])
masked = "MaskedLM" in json.load(open(folder + "/config.json"))["architectures"][0]
auto = AutoModelForMaskedLM if masked else AutoModelForCausalLM
# By its own formula: the default leaves the cap of Gemma 2's attention out.
model, loading = auto.from_pretrained(folder, output_loading_info=True, local_files_only=True, attn_implementation="eager")
assert not any(loading.values()), loading
with torch.no_grad():
    logits = model.eval()(torch.tensor([tokens])).logits[0, position]
print(json.dumps(logits.double().softmax(-1).tolist()))
`;

beforeAll(async () => {
  await startEngine('wasm');
});

describe.each(GOLDEN_MODELS)('%s', folder => {
  describeWith(folder, 'a saved checkpoint', () => {
    it.skipIf(PYTHON === undefined)(
      'gives the same probabilities in transformers (needs KN_TEST_PYTHON)',
      { timeout: 120_000 },
      async () => {
        const { neurons, prompts } = readGolden(folder);
        const { model, tokenizer } = await loadModel(folder);
        const [layer, index] = neurons[0];
        const value = Float32Array.from({ length: model.hiddenSize }, (_, i) => 3 * Math.sin(i));
        const values = new Map([[layer, new Map([[index, value]])]]);
        await model.writeValues(layer, new Map([[index, value]]));
        const { tokens, position } = tokenizer.encode(prompts[0], model.maxTokens);
        const trace = model.trace({ tokens: [tokens], positions: [position] });
        const ours = await model.probabilities(trace.prediction).data<'float32'>();
        const saved = join(temporaryFolder(), 'saved');
        await saveCheckpoint(folder, values, saved);
        const args = ['-c', PROGRAM, saved, JSON.stringify(tokens), String(position)];
        const { stdout } = await promisify(execFile)(PYTHON ?? '', args);
        const theirs: number[] = JSON.parse(stdout);
        expect(theirs).toHaveLength(ours.length);
        theirs.forEach((p, id) => {
          expect(Math.abs(ours[id] / p - 1)).toBeLessThan(1e-5);
        });
        model.dispose();
      },
    );
  });
});
