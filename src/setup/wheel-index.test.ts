import { expect, it } from 'vitest';
import { newestOf } from './wheel-index.js';

const REQUIREMENT = { project: 'blas', specifier: '<13.0,>=12.5' };

function wheelOf(version: string) {
  const filename = `blas-${version}-py3-none-manylinux1_x86_64.whl`;
  return { filename, url: `https://x/${filename}`, size: 7, digests: { sha256: 'aa' } };
}

it('the newest wheel of an index is none whose version is no number, or has more digits than one holds', () => {
  const versions = ['12.5', '12.10', '13.0', '2004d', `12.${'9'.repeat(16)}`, `12.${'9'.repeat(60)}`];
  const releases = Object.fromEntries(versions.map(version => [version, [wheelOf(version)]]));
  expect(newestOf({ releases }, REQUIREMENT, '2.36', 'index').url).toBe(wheelOf('12.10').url);
});
