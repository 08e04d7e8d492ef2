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
const BELOW_ALL = ['network', 'runtime', '.'];

/** Each has a folder; most begin with what the facts' own finds, and know nothing of each other. */
const EXPERIMENTS = readdirSync(join(SRC, 'experiment'), { withFileTypes: true })
  .filter(entry => entry.isDirectory() && entry.name !== 'run')
  .map(({ name }) => name);

/** The rooms of a folder in the same sense; those that share a place know nothing of each other. */
const ROOMS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  model: [['layers'], ['tokenizer'], ['checkpoint'], ['decoder', 'encoder']],
  experiment: [['run'], ['facts'], EXPERIMENTS.filter(name => name !== 'facts')],
  runtime: [['locks', 'engines'], ['devices']],
  cli: [['options'], ['output'], ['commands']],
};

interface Source {
  readonly name: string;
  readonly text: string;
}

const sources: readonly Source[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.startsWith('testing/'))
  .map(name => ({ name, text: readFileSync(join(SRC, name), 'utf8') }));

const folderOf = (name: string) => (name.includes('/') ? name.split('/')[0] : '.');

/** "model/encoder/trace.ts" is in the room "encoder", "model/load.ts" in none. */
const roomOf = (name: string) => (name.split('/').length > 2 ? name.split('/')[1] : undefined);

/** All that a file names: values and types, at once and lazily. */
const importsOf = ({ name, text }: Source) =>
  [...text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map(([, path]) =>
    relative(SRC, resolve(dirname(join(SRC, name)), path)).replace(/\.js$/, '.ts'),
  );

const imports = new Map(sources.map(source => [source.name, importsOf(source)]));

const arrows = [...imports].flatMap(([from, targets]) => targets.map(to => [from, to] as const));

describe('imports', () => {
  it('point one way: along the data, or down to what serves all', () => {
    const wrong = arrows.filter(([source, target]) => {
      if (source === 'index.ts') return false;
      const [from, to] = [folderOf(source), folderOf(target)];
      if (from === to || BELOW_ALL.includes(to)) return false;
      return BELOW_ALL.includes(from) || WAY.indexOf(to) > WAY.indexOf(from);
    });
    expect(wrong).toEqual([]);
  });

  it.each(Object.entries(ROOMS))('between the rooms of %s point one way too', (folder, places) => {
    const placeOf = (room: string | undefined) => places.findIndex(rooms => rooms.includes(room ?? ''));
    const wrong = arrows.filter(([source, target]) => {
      if (folderOf(source) !== folder || folderOf(target) !== folder) return false;
      const [from, to] = [roomOf(source), roomOf(target)];
      if (from === undefined || to === undefined || from === to) return false;
      return placeOf(to) >= placeOf(from);
    });
    expect(wrong).toEqual([]);
  });

  it('make no circle: of types, of lazy imports, or of both', () => {
    expect(circles(imports)).toEqual([]);
  });

  it('name files that are there', () => {
    expect(arrows.filter(([, target]) => !imports.has(target))).toEqual([]);
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
  it('that are read are opened by plain-file.ts alone, which waits at no pipe and reads no device', () => {
    const reading = sources.filter(({ text }) =>
      /(?<!\.)\b(?:readFile|readFileSync|createReadStream)\(/.test(text),
    );
    // Neither the package's own version nor what the kernel counts is from outside.
    expect(reading.map(({ name }) => name)).toEqual(['version.ts', 'runtime/kernel-text.ts']);
  });

  it('ask the network in its own folder alone: through proxies, with an end to silence, and a token for its own host', () => {
    const asking = sources.filter(({ text }) =>
      /(?<![.\w])fetch\((?![^)]*\): Promise)|globalThis\.fetch|(?:from|import\()\s*'(?:undici|(?:node:)?(?:https?|http2|net|tls))'/.test(
        text,
      ),
    );
    // Of node:net, what an address is.
    expect(asking.map(({ name }) => name).sort()).toEqual([
      'network/dispatcher.ts',
      'network/proxy.ts',
      'network/request.ts',
      'network/tunnel.ts',
    ]);
    // It takes a fifth of a second to load, which nobody should pay who fetches nothing.
    const lazy = sources.filter(({ name }) => name !== 'network/tunnel.ts');
    for (const { name, text } of lazy)
      expect(text, name).not.toMatch(/^import (?!type ).*'(?:undici|.*\/tunnel\.js)'/m);
  });

  it('are in the folders of the way and in their rooms, and have one idea: 300 lines at the most', () => {
    for (const { name, text } of sources) {
      expect([...WAY, ...BELOW_ALL]).toContain(folderOf(name));
      const room = roomOf(name);
      if (room !== undefined) expect(ROOMS[folderOf(name)]?.flat(), name).toContain(room);
      expect(`${name}: ${text.split('\n').length <= 300}`).toBe(`${name}: true`);
    }
  });
});

describe('experiments', () => {
  const FILES = [
    ...['defaults', 'request', 'plan', 'task', 'record', 'work', 'summary', 'shown', 'settings'],
    'experiment',
  ];

  it.each(EXPERIMENTS)('are alike: %s has the files that each has', experiment => {
    const missing = FILES.filter(file => !imports.has(`experiment/${experiment}/${file}.ts`));
    expect(missing).toEqual([]);
  });

  it('are known by name to the table alone', () => {
    for (const name of EXPERIMENTS) {
      const file = `experiment/${name}/experiment.ts`;
      const knowing = arrows.filter(([, target]) => target === file).map(([source]) => source);
      expect(knowing, name).toEqual(['experiment/experiments.ts']);
    }
  });
});

/** Circles of a graph, each by its files, the shortest way round from the first. */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  for (const start of graph.keys()) {
    const before = new Map<string, string>();
    const queue = [start];
    for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
      for (const next of graph.get(node) ?? []) {
        if (next === start) {
          const way = [node];
          for (let one = before.get(node); one !== undefined; one = before.get(one)) way.unshift(one);
          if (way.every(one => one >= start)) found.push([...way, start].join(' -> '));
          queue.length = 0;
          break;
        }
        if (before.has(next) || next < start) continue;
        before.set(next, node);
        queue.push(next);
      }
    }
  }
  return found;
}
