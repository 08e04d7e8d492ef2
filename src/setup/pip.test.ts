/** A real pip against an index on loopback. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pipAgainst, setEnvironment } from '../testing/environment.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { serveWheels } from '../testing/wheel-server.js';
import { announcedBytes, pipDownload } from './pip.js';

const hasPip = spawnSync('python3', ['-m', 'pip', '--version']).status === 0;
const WHEEL = {
  project: 'kn-made-up',
  version: '1.0',
  tags: 'py3-none-manylinux1_x86_64',
  files: { 'x.so': randomBytes(300_000) },
};

describe('pip', () => {
  it.skipIf(!hasPip)(
    `tells how much of a wheel it has while it comes${hasPip ? '' : ' (skipped: no pip here)'}`,
    async () => {
      const { url } = await serveWheels([WHEEL], {
        send: (content, response) => {
          response.write(content.subarray(0, 200_000));
          setTimeout(() => response.end(content.subarray(200_000)), 2000);
        },
      });
      setEnvironment(pipAgainst(url));
      const folder = temporaryFolder();
      const seen: [number, number][] = [];
      const { code, stderr } = await pipDownload('kn-made-up<2', folder, (...progress) =>
        seen.push(progress),
      );
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(readdirSync(folder)).toEqual(['kn_made_up-1.0-py3-none-manylinux1_x86_64.whl']);
      const half = seen.filter(([received, total]) => received > 100_000 && received < total);
      expect(half.length).toBeGreaterThan(0);
      // pip rounds what it announces to three digits.
      expect(half[0][1]).toBeCloseTo(300_000, -4);
    },
  );

  it.each([
    ['  Downloading https://files.pythonhosted.org/a/b/x-1-py3-none-any.whl (594.3 MB)', 594_300_000],
    ['Downloading x.whl (12 kB)', 12_000],
    ['Downloading x.whl.metadata (4.4 kB)', undefined],
    ['Saved ./x.whl', undefined],
  ])('announces %s', (line, bytes) => {
    expect(announcedBytes(line)).toBe(bytes);
  });
});
