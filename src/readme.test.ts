import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(`${root}README.md`, 'utf8');

describe('the README', () => {
  it('has a library example that runs as it stands, and prints what it says', () => {
    const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
    // From the project's own folder its name resolves to itself.
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const promised = [...code.matchAll(/\/\/ prints: (.*)/g)].map(([, line]) => line);
    expect(promised.length).toBeGreaterThan(0);
    for (const line of promised) expect(stdout).toContain(line);
  });

  it('names files and folders that are there', () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path]) => path);
    expect(links.length).toBeGreaterThan(3);
    expect(links.filter(path => !existsSync(`${root}${path}`))).toEqual([]);
  });
});
