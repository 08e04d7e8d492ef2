/** Standard output and standard error that take nothing. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kn } from '../../testing/run-kn.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const FULL = existsSync('/dev/full');
const unless = FULL ? '' : ' (skipped: no /dev/full here)';

describe.skipIf(!FULL)(`output that cannot be written${unless}`, () => {
  it.each([[['--help']], [['doctor', '--no-bench', '--json']]])(
    'is an error in one line: kn %j',
    async args => {
      const { code, stderr } = await kn(args, { shell: 'exec >/dev/full;' });
      expect(stderr).toBe('kn: standard output cannot be written (no space left on device)\n');
      expect(code).toBe(1);
    },
  );

  it('keeps a run from none of its files', async () => {
    const folder = join(temporaryFolder(), 'out');
    const args = ['find', '--model', 'demo', '--relations', 'P36', '--limit', '2', '--results', folder];
    const { code } = await kn(args, { shell: 'exec >/dev/full 2>&1;' });
    expect(code).toBe(1);
    expect(readdirSync(folder)).toContain('summary.json');
    expect(readdirSync(folder)).not.toContain('lock');
  });

  it('leaves another exit code as it is, where only standard error takes nothing', async () => {
    const { code, stderr } = await kn(['find', '--model', 'demo', '--answer', 'paris'], {
      shell: 'exec 2>/dev/full;',
    });
    expect([code, stderr]).toEqual([2, '']);
  });

  it('is silent where the reader has gone', async () => {
    const { stderr } = await kn(['--help'], { shell: 'exec > >(:); sleep 0.3;' });
    expect(stderr).toBe('');
  });
});
