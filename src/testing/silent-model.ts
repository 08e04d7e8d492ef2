import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEMO_MODEL } from '../embedded.js';
import { temporaryFolder } from './temporary-folder.js';

/** -1000 as an F16: in a softmax over float32 it is a probability of 0. */
const BITS_OF_MINUS_1000 = 0xe3d0;

/**
 * The demo model with an answer that it never gives: its probability is 0 in float32, and all scores that are made of its
 * gradient are.
 * @returns the folder
 */
export function silentModel(answer = 'paris'): string {
  const folder = join(temporaryFolder(), 'silent');
  cpSync(DEMO_MODEL, folder, { recursive: true });
  const tokenizer = JSON.parse(readFileSync(join(folder, 'tokenizer.json'), 'utf8'));
  const weights = join(folder, 'model.safetensors');
  const bytes = readFileSync(weights);
  const head = Number(bytes.readBigUInt64LE());
  const { 'cls.predictions.bias': bias } = JSON.parse(bytes.toString('utf8', 8, 8 + head));
  bytes.writeUInt16LE(
    BITS_OF_MINUS_1000,
    8 + head + bias.data_offsets[0] + 2 * tokenizer.model.vocab[answer],
  );
  writeFileSync(weights, bytes);
  return folder;
}
