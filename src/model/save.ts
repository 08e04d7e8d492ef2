import { type SavedCheckpoint, saveChanged, type ValuesOfLayers } from './checkpoint/save-checkpoint.js';
import { baseName, readModelConfig } from './config.js';
import { DECODERS } from './decoder/families.js';
import { isEncoder } from './encoder/config.js';
import { ENCODERS } from './encoder/families.js';

/**
 * Writes the model in `source` to `folder` with some neurons' values in the place of its own.
 * @throws UserError where `folder` holds something, cannot be written, or its weights' type cannot hold a value
 */
export async function saveCheckpoint(
  source: string,
  values: ValuesOfLayers,
  folder: string,
  signal?: AbortSignal,
): Promise<SavedCheckpoint> {
  const config = await readModelConfig(source);
  return saveChanged(
    source,
    values,
    folder,
    {
      base: baseName(config),
      findValues: (checkpoint, layer) =>
        isEncoder(config)
          ? ENCODERS[config.architecture].valuesOf(config, layer)
          : DECODERS[config.architecture].valuesOf(checkpoint, config, layer),
    },
    signal,
  );
}
