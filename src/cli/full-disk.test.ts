/** Every command that writes files, on a disk where one page is missing: it says so, and each file there is whole. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEMO_MODEL } from '../embedded.js';
import { finishedFolder } from '../testing/demo-run.js';
import { filesOf, serveHub } from '../testing/hub-server.js';
import { serve } from '../testing/loopback-server.js';
import { kn } from '../testing/run-kn.js';
import { REAL_PARAREL } from '../testing/shared.js';
import { canMount, smallDisk } from '../testing/small-disk.js';
import { temporaryFolder } from '../testing/temporary-folder.js';

const FACT = ['--model', 'demo', '--answer', 'paris', '--prompt', 'france is governed from [MASK].'];
const FEW = ['--model', 'demo', '--relations', 'P36,P30', '--limit', '2', '--workers', '1'];

/** What each does to `out`, a folder or a file that is not there yet. */
const WRITERS: Record<string, (out: string) => Promise<string[]> | string[]> = {
  'evaluate pararel': out => ['evaluate', 'pararel', ...FEW, '--results', out],
  'evaluate update': out => ['evaluate', 'update', ...FEW, '--updates', '2', '--results', out],
  'evaluate erasure': out => ['evaluate', 'erasure', ...FEW, '--results', out],
  plot: async out => ['plot', '--results', await finishedFolder(), '--out', out],
  stats: async out => ['stats', '--results', await finishedFolder(), '--data', 'demo', '--out', out],
  'find --scores': out => ['find', ...FACT, '--scores', out],
  'erase --save': out => [
    'erase',
    ...FACT,
    '--neurons',
    '[[1,171]]',
    '--unrelated-facts',
    '0',
    '--save',
    out,
  ],
};

const PAGE = 4096;

/** Sizes by name; of a file by itself, under no name. */
function sizesOf(path: string): Record<string, number> {
  if (statSync(path).isFile()) return { '': statSync(path).size };
  return Object.fromEntries(readdirSync(path).map(name => [name, statSync(join(path, name)).size]));
}

const why = canMount ? '' : ' (skipped: this user may not mount a small file system)';
describe.skipIf(!canMount)(`on a disk that is too small${why}`, () => {
  it.each(Object.keys(WRITERS))(
    'kn %s ends with 1 and one clear line, and leaves no file cut off',
    async name => {
      const roomy = join(temporaryFolder(), 'out');
      expect((await kn(await WRITERS[name](roomy))).code).toBe(0);
      const whole = sizesOf(roomy);
      const pages = Object.values(whole).reduce((sum, size) => sum + Math.ceil(size / PAGE), 0);

      const [disk, rescue] = [temporaryFolder(), join(temporaryFolder(), 'rescued')];
      const shell = smallDisk(disk, `${(pages - 1) * PAGE}`, rescue);
      const { code, stderr } = await kn(await WRITERS[name](join(disk, 'out')), { shell });
      expect(stderr).toMatch(/cannot be written \(no space left on device\)/);
      expect(stderr).not.toContain('    at ');
      expect(code).toBe(1);
      const left = existsSync(rescue) ? sizesOf(rescue) : {};
      for (const file of Object.keys(left).filter(file => !/journal|sessions/.test(file))) {
        expect(whole, file).toHaveProperty([file]);
        // Those without dates and paths in them are the same.
        if (/\.(svg|csv)$/.test(file))
          expect(readFileSync(join(rescue, file), 'utf8')).toBe(readFileSync(join(roomy, file), 'utf8'));
        else if (file.endsWith('.json')) JSON.parse(readFileSync(join(rescue, file), 'utf8'));
      }
    },
  );

  it('a model that is fetched says so, keeps what came, and goes on from there once there is room', async () => {
    const files = filesOf(DEMO_MODEL);
    const server = await serveHub({ files });
    const [cache, rescue] = [temporaryFolder(), join(temporaryFolder(), 'rescued')];
    const env = { HF_ENDPOINT: server.url, HF_HOME: join(cache, 'out') };
    const ask = ['find', ...FACT.map(word => (word === 'demo' ? 'org/tiny' : word)), '--json'];
    // The weights come last: of their last piece a part fits, which must not be taken for all of it.
    const pages = Object.values(files).reduce((sum, { length }) => sum + Math.ceil(length / PAGE), 0);
    const full = await kn(ask, { env, shell: smallDisk(cache, `${(pages - 1) * PAGE}`, rescue) });
    expect(full.stderr).toMatch(
      /: cannot be written \(no space left on device\)\nSet HF_HOME to a folder with room\.\n$/,
    );
    expect(full.code).toBe(1);
    const blobs = join(rescue, 'hub', 'models--org--tiny', 'blobs');
    const [half] = readdirSync(blobs).filter(name => name.endsWith('.incomplete'));
    const kept = readFileSync(join(blobs, half));
    expect(kept.length).toBeGreaterThan(files['model.safetensors'].length - 4 * PAGE);
    expect(files['model.safetensors'].subarray(0, kept.length).equals(kept)).toBe(true);
    const { code, stdout } = await kn(ask, { env: { ...env, HF_HOME: rescue } });
    expect(code).toBe(0);
    expect(JSON.parse(stdout).neurons).toEqual(
      JSON.parse((await kn(['find', ...FACT, '--json'])).stdout).neurons,
    );
  });

  const absent = existsSync(REAL_PARAREL) ? '' : ` (skipped: ${REAL_PARAREL} is not here)`;
  it.skipIf(absent !== '')(`PARAREL that is fetched says so, and what came is kept${absent}`, async () => {
    const server = await serve((request, response) => {
      const path = (request.url ?? '').replace('/data/pattern_data', '').replace('/data', '');
      response.end(readFileSync(join(REAL_PARAREL, path)));
    });
    const [cache, rescue] = [temporaryFolder(), join(temporaryFolder(), 'rescued')];
    const env = { KN_PARAREL_URL: server.url, KN_CACHE: join(cache, 'out') };
    const ask = ['evaluate', 'pararel', '--model', 'demo', '--data', 'pararel', '--dry-run'];
    const { code, stderr } = await kn(ask, { env, shell: smallDisk(cache, '1m', rescue) });
    expect(stderr).toMatch(
      /jsonl: cannot be written \(no space left on device\)\nSet KN_CACHE to a folder with room\.\n$/,
    );
    expect(code).toBe(1);
    const again = await kn(ask, { env: { ...env, KN_CACHE: rescue } });
    expect(again.code).toBe(0);
  });
});
