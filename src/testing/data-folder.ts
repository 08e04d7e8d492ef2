import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { temporaryFolder } from './temporary-folder.js';

/** A data folder with something in the place of an engine, which a setup that fails must not touch. */
export function dataFolder(): { folder: string; expectUntouched: () => void } {
  const folder = temporaryFolder();
  const engine = join(folder, 'engines', 'tensorflow');
  mkdirSync(engine, { recursive: true });
  writeFileSync(join(engine, 'mine'), 'old');
  return {
    folder,
    expectUntouched: () => {
      expect(readdirSync(join(folder, 'engines'))).toEqual(['tensorflow']);
      expect(readFileSync(join(engine, 'mine'), 'utf8')).toBe('old');
    },
  };
}
