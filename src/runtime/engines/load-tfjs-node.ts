import { createRequire } from 'node:module';
import { join } from 'node:path';
import util from 'node:util';
import { TFJS_NODE } from './installed-tensorflow.js';

/** What tfjs-node 4.22, its last version, calls in `util`: Node 22 warns of both, Node 23 took the second away. */
const LEGACY = {
  isArray: Array.isArray,
  isNullOrUndefined: (value: unknown): value is null | undefined => value === null || value === undefined,
};

const legacyUtil: unknown = Object.create(util, Object.getOwnPropertyDescriptors(LEGACY));

const OF_TFJS_NODE = join('node_modules', TFJS_NODE, 'dist');

/**
 * Does what loads modules of tfjs-node, which get a `util` with the functions that newer Nodes lack. No other module gets it, and
 * nothing is written into tfjs-node's folder: an engine that was set up under an older Node is mended too.
 * @param load loads them with `require`
 */
export function loadingTfjsNode<T>(load: () => T): T {
  const { extensions } = createRequire(import.meta.url);
  const run = extensions['.js'];
  extensions['.js'] = (module, filename) => {
    if (filename.includes(OF_TFJS_NODE)) {
      const require = module.require.bind(module);
      module.require = id => (id === 'util' ? legacyUtil : require(id));
    }
    return run(module, filename);
  };
  try {
    return load();
  } finally {
    extensions['.js'] = run;
  }
}
