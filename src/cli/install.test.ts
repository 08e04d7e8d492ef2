/** What whoever installs kn and lacks something is told: one line, and not a stack. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** A clone of which nothing is installed and built, but what `files` have. */
function clone(files: Readonly<Record<string, string>> = {}): string {
  const folder = temporaryFolder();
  for (const name of ['bin', 'scripts/build.mjs', 'package.json'])
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  mkdirSync(join(folder, 'dist', 'cli'), { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

function runNode(folder: string, args: readonly string[], npmCommand?: string) {
  const env = { PATH: process.env.PATH, ...(npmCommand && { npm_command: npmCommand }) };
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', env });
  return { status, stderr };
}

it('kn that was not built says so, and what builds it', () => {
  const folder = clone();
  const stderr = `kn: it is not built: run npm ci --include=dev --include=optional && npm run build in ${folder}/\n`;
  expect(runNode(folder, ['bin/kn.js', '--version'])).toEqual({ status: 1, stderr });
});

it('kn without its packages says so', () => {
  const folder = clone({ 'dist/cli/main.js': "import 'commander';" });
  const stderr = `kn: the package commander is not installed: run npm ci in ${folder}/\n`;
  expect(runNode(folder, ['bin/kn.js', '--version'])).toEqual({ status: 1, stderr });
});

it('kn under a Node that it is not for says which it needs: one too old, and one left out between others', () => {
  const [major, minor, patch] = process.versions.node.split('.').map(Number);
  const under = (node: string) => {
    const files = { 'package.json': JSON.stringify({ type: 'module', engines: { node } }) };
    return runNode(clone({ ...files, 'dist/cli/main.js': 'export const main = () => {};' }), ['bin/kn.js']);
  };
  const refused = (needed: string) => ({
    status: 1,
    stderr: `kn: Node ${needed} is needed, and this is ${process.version}\n`,
  });
  expect(under('^99.1.0 || >=100.0.0')).toEqual(refused('99 (from 99.1 on) or 100.0 and newer'));
  const between = `^${major - 1}.0.0 || >=${major + 1}.0.0`;
  expect(under(between)).toEqual(
    refused(`${major - 1} (from ${major - 1}.0 on) or ${major + 1}.0 and newer`),
  );
  for (const later of [`${major}.${minor + 1}.0`, `${major}.${minor}.${patch + 1}`])
    expect(under(`^${later}`).status).toBe(1);
  for (const range of [
    `^${process.versions.node}`,
    `^${major}.0.0`,
    `>=${major - 1}.99.0`,
    manifest.engines.node,
  ])
    expect(under(range)).toEqual({ status: 0, stderr: '' });
});

it('kn that may not open all of its files says so, also where Node throws that past whoever loads them', () => {
  const refused = "Object.assign(new Error('too many open files'), { code: 'EMFILE' })";
  const stderr = 'kn: this process may not open so many files at once: raise ulimit -n\n';
  for (const main of [`throw ${refused};`, `Promise.reject(${refused}); await new Promise(setTimeout);`])
    expect(runNode(clone({ 'dist/cli/main.js': main }), ['bin/kn.js'])).toEqual({ status: 1, stderr });
  const folder = clone({ 'dist/cli/main.js': "import 'there';" });
  const there = join(folder, 'node_modules', 'there');
  mkdirSync(there, { recursive: true });
  // As a package.json that cannot be opened: Node looks for index.js.
  writeFileSync(join(there, 'package.json'), '{}');
  expect(runNode(folder, ['bin/kn.js'])).toEqual({ status: 1, stderr });
});

it('a fault of kn itself at its start is shown whole', () => {
  const { stderr } = runNode(clone({ 'dist/cli/main.js': "import './gone.js';" }), ['bin/kn.js']);
  expect(stderr).toMatch(/ERR_MODULE_NOT_FOUND|gone\.js/);
  expect(stderr).toContain('    at ');
});

const BUILD = ['scripts/build.mjs', '--if-possible'];
const LEFT_OUT =
  /^kn was not built: TypeScript is a development dependency.* Run npm ci --include=dev --include=optional\.\n$/;

it('npm ci without development dependencies installs, and says that kn is not built', () => {
  const { status, stderr } = runNode(clone(), BUILD, 'ci');
  expect(stderr).toMatch(LEFT_OUT);
  expect(status).toBe(0);
});

it('npm pack and npm run build end with 1 there, and npm run build leaves what was built before', () => {
  expect(runNode(clone(), BUILD, 'pack').status).toBe(1);
  const built = clone({ 'dist/cli/main.js': '' });
  const { status, stderr } = runNode(built, BUILD.slice(0, 1), 'run');
  expect(stderr).toMatch(LEFT_OUT);
  expect(status).toBe(1);
  expect(existsSync(join(built, 'dist/cli/main.js'))).toBe(true);
  expect(runNode(built, BUILD, 'ci')).toEqual({ status: 0, stderr: '' });
});

it('npx does not fail there, which would remember that, and kn then says what it lacks', () => {
  expect(runNode(clone(), BUILD, 'exec').status).toBe(0);
});

it('npm ci without optional packages, of which the compiler is one, installs and says that kn is not built', () => {
  const folder = clone();
  const typescript = join(folder, 'node_modules', 'typescript');
  mkdirSync(join(typescript, 'bin'), { recursive: true });
  writeFileSync(join(typescript, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(typescript, 'bin', 'tsc'), 'throw new Error("Unable to resolve its program");');
  const { status, stderr } = runNode(folder, BUILD, 'ci');
  expect(stderr).toMatch(
    /^kn was not built: the compiler of TypeScript, @typescript\/\S+, is an optional package.* Run npm ci .*--include=optional\.\n$/,
  );
  expect(status).toBe(0);
});

it('all packages that kn imports are dependencies, which an installed archive has', () => {
  const shipped = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter(
    name => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.startsWith('testing/'),
  );
  const imported = shipped.flatMap(name =>
    [
      ...readFileSync(join(ROOT, 'src', name), 'utf8').matchAll(
        /^(?:import(?! type)|export)\b[^;]*? from '([^'.][^']*)'|import\('([^'.][^']*)'\)/gm,
      ),
    ].map(([, stated, lazy]) =>
      (stated ?? lazy)
        .split('/')
        .slice(0, (stated ?? lazy).startsWith('@') ? 2 : 1)
        .join('/'),
    ),
  );
  const packages = new Set(
    imported.filter(name => !name.startsWith('node:') && !builtinModules.includes(name)),
  );
  const { dependencies, optionalDependencies } = manifest;
  expect([...packages].filter(name => !(name in dependencies) && !(name in optionalDependencies))).toEqual(
    [],
  );
  expect(packages).toContain('commander');
  expect(packages).toContain('webgpu');
});
