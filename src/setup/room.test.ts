import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { checkRoom } from './room.js';

describe('room', () => {
  it('is asked for before anything is written', async () => {
    const folder = temporaryFolder();
    await expect(checkRoom({ folder, bytes: 1 })).resolves.toBeUndefined();
    await expect(checkRoom({ folder, bytes: 1e18 })).rejects.toThrow(
      /1000000000000 MB are needed there, and \d+ MB are free/,
    );
  });

  it('is asked for together by folders on one disk, those that are still to be made too', async () => {
    const folder = temporaryFolder();
    const later = join(folder, 'not', 'yet');
    await expect(checkRoom({ folder, bytes: 4e17 }, { folder: later, bytes: 5e17 })).rejects.toThrow(
      `${folder}: 900000000000 MB are needed there`,
    );
  });
});
