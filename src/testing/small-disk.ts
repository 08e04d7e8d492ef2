import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';

/** Whether this user may mount a file system that only one command sees. */
export const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;

/**
 * Words of a shell before a command, which then finds a disk of `size` at `folder`. What it leaves there in out/ is
 * copied to `rescue` at the end.
 */
export function smallDisk(folder: string, size: string, rescue = '/dev/null'): string {
  return `
    unshare -rm bash -c 'mount -t tmpfs -o size=${size} tmpfs "$0"; "$@"; code=$?; [ ${rescue} = /dev/null ] || cp -r "$0/out" ${rescue}; exit $code' ${folder} "$0" "$@"; exit $?;`;
}
