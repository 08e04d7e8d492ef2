import { UserError } from '../../errors.js';
import { kernelText } from '../kernel-text.js';
import { gigabytes } from '../machine.js';

/** libtensorflow 2.21 and its threads take so much of it before they compute; with 2.05 GB it ended the process. In bytes. */
const NEEDED = 2.5e9;

/**
 * A process that may not have the addresses would be ended by libtensorflow, in words of C++.
 * @param limits as Linux has them in /proc/self/limits; undefined where nobody says
 * @throws UserError
 */
export function checkAddressSpace(limits = kernelText('/proc/self/limits')): void {
  const [, soft] = /^Max address space +(\d+) /m.exec(limits ?? '') ?? [];
  if (soft === undefined || Number(soft) >= NEEDED) return;
  throw new UserError(
    `the tensorflow engine cannot start: it takes ${gigabytes(NEEDED)} of addresses, and this process may have ${gigabytes(Number(soft))} (ulimit -v)`,
    'Raise ulimit -v: addresses take no memory.',
  );
}
