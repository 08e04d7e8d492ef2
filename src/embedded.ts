/** Where the package keeps what it brings along. */
import { fileURLToPath } from 'node:url';

const packaged = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** The demo data set, in PARAREL's layout. */
export const DEMO_DATA = packaged('data/pararel');

/** The demo model, a folder in the Hugging Face layout. */
export const DEMO_MODEL = packaged('data/demo-model');

/** Commit, sizes and hashes of PARAREL's own files. */
export const PARAREL_MANIFEST = packaged('data/pararel-manifest.json');

/** C++ that `kn setup` compiles. */
export const NATIVE_SOURCES = packaged('native');
