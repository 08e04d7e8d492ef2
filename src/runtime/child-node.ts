/** How the processes of our own are started, beside their scripts: workers, and engines that are tried. */
// Plain JavaScript: it is loaded before anything else is, from the source folder too.
const IGNORE_SIGNALS = new URL('../../bin/ignore-user-signals.js', import.meta.url);

/** Node's own: no debugger at SIGUSR1. Node 20 has no flag for that, and for a moment at its start it would open one. */
export const CHILD_FLAGS: readonly string[] = [
  ...(process.allowedNodeEnvironmentFlags.has('--disable-sigusr1') ? ['--disable-sigusr1'] : []),
  `--import=${IGNORE_SIGNALS.href}`,
];

const PARENT = 'KN_PARENT';

/** By which a child knows whose it is, even where that process is gone before the child looks. */
export function childEnvironment(): Record<string, string> {
  return { [PARENT]: String(process.pid) };
}

/** The process that started this one. */
export function parentOfChild(): number {
  return Number(process.env[PARENT]) || process.ppid;
}

/** Whether this is such a process: one that is lost is then noticed, and said. */
export function isChildOfOurs(): boolean {
  return Number(process.env[PARENT]) === process.ppid;
}
