/** Processes in a namespace of process numbers of their own, as in a container: nobody outside can ask for them by number. */
import { spawnSync } from 'node:child_process';

// What root may, or whoever may make a user namespace.
const WAYS = [[], ['--map-root-user']].map(more => [
  'unshare',
  ...more,
  ...['--pid', '--fork', '--kill-child', '--mount-proc'],
]);

const way = WAYS.find(([file, ...args]) => spawnSync(file, [...args, 'true']).status === 0);

/** Words to put before a command; its number there is 1. */
export const inOwnNamespace: readonly string[] = way ?? [];

/** What a test's title says where there are none. */
export const noNamespaces = way ? '' : ' (skipped: this user may not make namespaces)';
