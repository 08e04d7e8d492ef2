/** Where kn keeps things of a user's: downloads that can be fetched again, and what was set up. */
import { join } from 'node:path';
import envPaths from 'env-paths';

const paths = envPaths('knowledge-neurons', { suffix: '' });

/** Downloads: KN_CACHE, or where the system keeps caches; an empty variable is none. */
export function cacheFolder(): string {
  return process.env.KN_CACHE || paths.cache;
}

/** Engines that `kn setup` installed, for all projects of this user: KN_DATA, or where the system keeps data. */
export function enginesFolder(): string {
  return join(process.env.KN_DATA || paths.data, 'engines');
}
