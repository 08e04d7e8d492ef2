import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './temporary-folder.js';

/** A folder with an nvidia-smi that says this, whatever it is asked. */
export function nvidiaSmi(says: string, exitCode = 0): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'nvidia-smi'), `#!/bin/sh\necho "${says}"\nexit ${exitCode}\n`);
  chmodSync(join(folder, 'nvidia-smi'), 0o755);
  return folder;
}
