/** The structure that ARCHITECTURE.md describes, held to. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('.', import.meta.url));

/** The way of the data; a folder may import what stands before it, and what stands below all. */
const WAY = [
  'dataset',
  'model',
  'attribution',
  'neurons',
  'intervention',
  'experiment',
  'figures',
  'report',
  'library',
  'setup',
  'cli',
];
const BELOW_ALL = ['runtime', '.'];

const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.startsWith('testing/'))
  .map(name => ({ name, text: readFileSync(join(SRC, name), 'utf8') }));

const folderOf = (name: string) => (name.includes('/') ? name.split('/')[0] : '.');

const importsOf = ({ name, text }: (typeof sources)[number]) =>
  [...text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map(([, path]) =>
    relative(SRC, resolve(dirname(join(SRC, name)), path)).replace(/\.js$/, '.ts'),
  );

describe('imports', () => {
  it('point one way: along the data, or down to what serves all', () => {
    const wrong = sources
      .filter(({ name }) => name !== 'index.ts')
      .flatMap(source =>
        importsOf(source)
          .filter(target => {
            const [from, to] = [folderOf(source.name), folderOf(target)];
            if (from === to || BELOW_ALL.includes(to)) return false;
            return BELOW_ALL.includes(from) || WAY.indexOf(to) > WAY.indexOf(from);
          })
          .map(target => `${source.name} -> ${target}`),
      );
    expect(wrong).toEqual([]);
  });

  it('name files that are there', () => {
    const names = new Set(sources.map(({ name }) => name));
    expect(sources.flatMap(importsOf).filter(target => !names.has(target))).toEqual([]);
  });

  it('leave tensors to the folders that compute: no other imports tfjs', () => {
    const computing = new Set(['model', 'attribution', 'intervention', 'library', 'setup', 'runtime']);
    const others = sources.filter(
      ({ name, text }) => text.includes("'@tensorflow/") && !computing.has(folderOf(name)),
    );
    expect(others.map(({ name }) => name)).toEqual([]);
  });
});

describe('files', () => {
  it('are in the folders of the way, and have one idea: 300 lines at the most', () => {
    for (const { name, text } of sources) {
      expect([...WAY, ...BELOW_ALL]).toContain(folderOf(name));
      expect(`${name}: ${text.split('\n').length <= 300}`).toBe(`${name}: true`);
    }
  });
});
