import { openDataset } from './dataset.js';
import type { DataSource } from './source.js';

/** A folder in PARAREL's layout. */
export function folderData(name: string, path = name): DataSource {
  return {
    name,
    title: name,
    isHere: async () => true,
    check: async () => undefined,
    fetch: async () => undefined,
    open: (selection, causal) => openDataset(path, selection, causal),
  };
}
