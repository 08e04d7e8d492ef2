import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './testing/temporary-folder.js';
import { VERSION } from './version.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(`${root}README.md`, 'utf8');

const examplesOf = (text: string) => [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code);

/** Runs code in a folder of its own, in which the package is installed: a link to the project. */
function expectPromised(code: string): void {
  const cwd = temporaryFolder();
  mkdirSync(join(cwd, 'node_modules'));
  symlinkSync(root, join(cwd, 'node_modules', 'knowledge-neurons'));
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd,
    encoding: 'utf8',
  });
  const promised = [...code.matchAll(/\/\/ prints: (.*)/g)].map(([, line]) => line);
  expect(promised.length).toBeGreaterThan(0);
  for (const line of promised) expect(stdout).toContain(line);
  if (!code.includes('console.error')) expect(stderr).toBe('');
  expect(status).toBe(0);
}

describe('the README', () => {
  it('has a library example that runs as it stands, and prints what it says', () => {
    const examples = examplesOf(readme);
    expect(examples.length).toBe(2);
    for (const code of examples) expectPromised(code);
  });

  it('names files and folders that are there', () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path]) => path);
    expect(links.length).toBeGreaterThan(3);
    expect(links.filter(path => !existsSync(`${root}${path}`))).toEqual([]);
  });
});

describe('the package', () => {
  const { name, bin }: { name: string; bin: Record<string, string> } = JSON.parse(
    readFileSync(`${root}package.json`, 'utf8'),
  );

  // npx takes a name that is not installed from npm: of its own name the package alone can be meant.
  it.each(['kn', name])('has a command %s, which runs from the link that npm makes of it', command => {
    const folder = temporaryFolder();
    symlinkSync(join(root, bin[command]), join(folder, command));
    const { stdout } = spawnSync(join(folder, command), ['--version'], { cwd: folder, encoding: 'utf8' });
    expect(stdout).toBe(`${VERSION}\n`);
  });
});

describe('docs/requests.md', () => {
  it('has an example that runs as it stands, and prints what it says', () => {
    const examples = examplesOf(readFileSync(`${root}docs/requests.md`, 'utf8'));
    expect(examples.length).toBe(1);
    for (const code of examples) expectPromised(code);
  });
});
