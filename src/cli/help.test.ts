import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kn } from '../testing/run-kn.js';
import { temporaryFolder } from '../testing/temporary-folder.js';

/** The scripts that a run of kn loaded, as V8's coverage lists them. */
async function scriptsOf(
  args: readonly string[],
): Promise<{ code: number | null; stdout: string; scripts: string[] }> {
  const folder = temporaryFolder();
  const { code, stdout } = await kn(args, { env: { NODE_V8_COVERAGE: folder } });
  const scripts = readdirSync(folder).flatMap(name => {
    const { result }: { result: { url: string }[] } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    return result.map(({ url }) => url);
  });
  return { code, stdout, scripts };
}

describe('help', () => {
  it.each([
    [['--help']],
    [['find', '--help']],
    [['edit', '--help']],
    [['evaluate', '--help']],
    [['evaluate', 'pararel', '--help']],
    [['evaluate', 'update', '--help']],
    [['evaluate', 'erasure', '--help']],
    [['plot', '--help']],
    [['stats', '--help']],
    [['compare', '--help']],
    [['--version']],
  ])('is printed by %o with code 0, and loads neither tfjs nor vega nor zod', async args => {
    const { code, stdout, scripts } = await scriptsOf(args);
    expect(code).toBe(0);
    expect(stdout.length).toBeGreaterThan(4);
    expect(scripts.some(url => url.includes('commander'))).toBe(true);
    expect(scripts.filter(url => /@tensorflow|vega|zod|@huggingface/.test(url))).toEqual([]);
  });

  it.each([
    [['help'], ['--help']],
    [
      ['help', 'find'],
      ['find', '--help'],
    ],
    [
      ['help', 'evaluate', 'update'],
      ['evaluate', 'update', '--help'],
    ],
    [['help', 'nothing'], ['nothing']],
  ])('is asked for by %o as by %o', async (words, option) => {
    const [asked, known] = [await kn(words), await kn(option)];
    expect(asked).toEqual(known);
    expect(asked.code).toBe(words.includes('nothing') ? 2 : 0);
  });

  it('names every subcommand, and each has an example', async () => {
    const { stdout } = await kn(['--help']);
    for (const name of [
      ...['find', 'suppress', 'enhance', 'erase', 'edit'],
      ...['evaluate', 'plot', 'stats', 'compare'],
    ]) {
      expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
      expect((await kn([name, '--help'])).stdout).toContain('Examples:');
    }
    for (const name of ['pararel', 'update', 'erasure']) {
      expect((await kn(['evaluate', '--help'])).stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
      expect((await kn(['evaluate', name, '--help'])).stdout).toContain('Examples:');
    }
  });
});

describe('the examples of kn erase and kn edit', () => {
  it.each(['erase', 'edit'])('of %s run one after the other, as they stand', async command => {
    const { stdout } = await kn([command, '--help']);
    const [, examples] = stdout.split('Examples:\n');
    const lines = examples
      .replaceAll('\\\n', ' ')
      .split('\n')
      .filter(line => line.trim().startsWith('kn '));
    expect(lines).toHaveLength(3);
    const cwd = temporaryFolder();
    for (const line of lines) {
      const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare);
      expect((await kn(words.slice(1), { cwd })).code).toBe(0);
    }
  });
});

describe('what reads results alone', () => {
  it('loads no tfjs, and vega only to draw', async () => {
    const folder = temporaryFolder();
    await kn(['evaluate', 'pararel', '--model', 'demo', '--limit', '1', '--results', folder]);
    for (const args of [
      ['plot', '--results', folder],
      ['stats', '--results', folder],
      ['compare', folder, folder],
    ]) {
      const { code, scripts } = await scriptsOf(args);
      expect(code).toBe(0);
      expect(scripts.some(url => url.includes('vega'))).toBe(args[0] !== 'compare');
      expect(scripts.filter(url => url.includes('@tensorflow'))).toEqual([]);
    }
  });
});
