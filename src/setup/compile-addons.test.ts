/** Compiling where there is no room. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hasCompiler } from '../testing/shared-library.js';
import { canMount, smallDisk } from '../testing/small-disk.js';
import { temporaryFolder } from '../testing/temporary-folder.js';

const BUILT = fileURLToPath(new URL('../../dist/setup/compile-addons.js', import.meta.url));

/** Compiles the smallest addon in a process to which one folder is a disk of a single page. */
function compile(page: string, env: Readonly<Record<string, string>>, folder: string) {
  const script = `
    import { compilePreload, findCompiler } from ${JSON.stringify(BUILT)};
    await compilePreload(await findCompiler(), ${JSON.stringify(folder)})
      .catch(error => console.log(error.name + ': ' + error.message + '\\n' + error.remedy));`;
  const command = [process.execPath, '--input-type=module', '-e', script];
  const { stdout } = spawnSync('bash', ['-c', smallDisk(page, '4k'), ...command], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return stdout;
}

const why = hasCompiler && canMount ? '' : ' (skipped: no g++ here, or no mount of a small file system)';
describe.skipIf(!hasCompiler || !canMount)(`an addon${why}`, () => {
  it('compiles whatever room TMPDIR has', () => {
    const [page, folder] = [temporaryFolder(), temporaryFolder()];
    expect(compile(page, { TMPDIR: page }, folder)).toBe('');
    expect(existsSync(join(folder, 'preload.node'))).toBe(true);
  });

  it('that finds no room where it goes is no fault of the compiler', () => {
    const page = temporaryFolder();
    expect(compile(page, {}, page)).toBe(
      `UserError: ${page}: cannot be written (no space left on device)\nMake room there, or name another folder with KN_DATA.\n`,
    );
  });
});
