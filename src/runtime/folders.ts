/** Where kn keeps things of a user's: downloads that can be fetched again, and what was set up. */
import { join } from 'node:path';
import { UserError } from '../errors.js';

/** env-paths asks for the home folder as soon as it is loaded, and some users have none: who names the folders needs none. */
const usual = await import('env-paths').then(
  ({ default: envPaths }) => envPaths('knowledge-neurons', { suffix: '' }),
  (cause: unknown) => {
    if (cause instanceof Error && cause.message.includes('uv_os_homedir')) return undefined;
    throw cause;
  },
);

/** Downloads: KN_CACHE, or where the system keeps caches; an empty variable is none. */
export function cacheFolder(): string {
  return process.env.KN_CACHE || usualFolder('cache', 'KN_CACHE');
}

/** Engines that `kn setup` installed, for all projects of this user: KN_DATA, or where the system keeps data. */
export function enginesFolder(): string {
  return join(process.env.KN_DATA || usualFolder('data', 'KN_DATA'), 'engines');
}

/** @throws UserError where the user has no home */
function usualFolder(holds: 'cache' | 'data', variable: string): string {
  if (usual) return usual[holds];
  throw new UserError(
    'this user has no home folder',
    `Set HOME to a folder that may be written, or ${variable} to one.`,
  );
}
