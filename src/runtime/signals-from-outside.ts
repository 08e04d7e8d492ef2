/** What ends a process from outside, and says nothing of what it was at. A kill for memory is one of them. */
const NAMES: readonly string[] = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'];

/** Times that a process is started which is ended so at its start. */
export const MOST_STARTS = 3;

export function isFromOutside(signal: string): boolean {
  return NAMES.includes(signal);
}
