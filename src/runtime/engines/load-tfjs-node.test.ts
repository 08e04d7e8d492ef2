import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import util from 'node:util';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { TFJS_NODE } from './installed-tensorflow.js';
import { loadingTfjsNode } from './load-tfjs-node.js';

/** Modules that hand out what they get as `util`: one of tfjs-node, and one of another package, which it loads. */
function modules() {
  const folder = temporaryFolder();
  const [dist, other] = [join(folder, 'node_modules', TFJS_NODE, 'dist'), join(folder, 'node_modules/other')];
  for (const path of [dist, other]) mkdirSync(path, { recursive: true });
  writeFileSync(join(other, 'index.js'), "exports.util = require('util');");
  writeFileSync(
    join(dist, 'kernels.js'),
    "exports.util = require('util'); exports.other = require('other').util; exports.path = require('path');",
  );
  const require = createRequire(join(folder, 'package.json'));
  return loadingTfjsNode(() => ({
    kernels: require(`${TFJS_NODE}/dist/kernels`),
    later: () => require(join(other, 'index.js')),
  }));
}

it('tfjs-node gets the functions of util that newer Nodes lack or warn of, and all others', () => {
  const { kernels } = modules();
  expect([null, undefined, 0, ''].map(kernels.util.isNullOrUndefined)).toEqual([true, true, false, false]);
  expect(kernels.util.isArray).toBe(Array.isArray);
  expect(kernels.util.inspect).toBe(util.inspect);
  expect(kernels.path).toBe(createRequire(import.meta.url)('node:path'));
});

it('no other module gets them, and nothing stays behind', () => {
  const before = createRequire(import.meta.url).extensions['.js'];
  const { kernels, later } = modules();
  expect(kernels.other).toBe(util);
  expect(later().util).toBe(util);
  expect(util).not.toBe(kernels.util);
  expect(createRequire(import.meta.url).extensions['.js']).toBe(before);
});
