import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEMO_MODEL } from '../embedded.js';
import { temporaryFolder } from './temporary-folder.js';

/**
 * The demo model with its last hidden row, and so its logits but for their biases, `times` as large: probabilities jump along paths.
 * @param times a power of 2
 * @param config what else its config.json has
 * @returns the folder
 */
export function steepModel(times: number, config: Readonly<Record<string, unknown>> = {}): string {
  const folder = join(temporaryFolder(), 'steep');
  cpSync(DEMO_MODEL, folder, { recursive: true });
  const weights = join(folder, 'model.safetensors');
  const bytes = readFileSync(weights);
  const head = Number(bytes.readBigUInt64LE());
  const tensors = JSON.parse(bytes.toString('utf8', 8, 8 + head));
  for (const name of ['weight', 'bias']) {
    const [first, end] = tensors[`cls.predictions.transform.LayerNorm.${name}`].data_offsets;
    for (let at = 8 + head + first; at < 8 + head + end; at += 2) {
      const bits = bytes.readUInt16LE(at);
      // An F16's exponent is in the bits from the tenth on; 0 and subnormal numbers are too small to matter.
      if ((bits & 0x7c00) !== 0) bytes.writeUInt16LE(bits + (Math.log2(times) << 10), at);
    }
  }
  writeFileSync(weights, bytes);
  const asked = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...asked, ...config }));
  return folder;
}
