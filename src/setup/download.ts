import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { refusedFile, systemErrorCode, UserError } from '../errors.js';
import { shownAddress } from '../network/address.js';
import { NetworkFault } from '../network/fault.js';
import type { Asker } from '../network/patience.js';
import { receiveFile } from '../network/receive-file.js';
import { holdDownload } from '../runtime/locks/held-download.js';
import { type Checksum, digestOf, hasChecksum } from './checksum.js';

export type OnReceived = (received: number, total: number) => void;

/**
 * Downloads a file. What was received before a break stays in `<path>.part`, and the next call goes on from there.
 * @param checksum where undefined, whatever arrives whole is taken
 * @throws UserError where it cannot be fetched or written, or is not what the checksum says; `path` then is not there
 */
export async function download(
  url: string,
  path: string,
  checksum: Checksum | undefined,
  onReceived: OnReceived,
  asker: Asker = {},
): Promise<void> {
  await mkdir(dirname(path), { recursive: true }).catch(error => {
    throw refusedFile(dirname(path), 'written', error);
  });
  // Two setups may share the downloads, and not the engines' folder whose lock they hold.
  const { assertHeld, release } = await holdDownload(path, path, asker);
  try {
    if (!checksum || !(await hasChecksum(path, checksum)))
      await receive(url, path, checksum, onReceived, asker, assertHeld);
  } finally {
    await release();
  }
}

async function receive(
  url: string,
  path: string,
  checksum: Checksum | undefined,
  onReceived: OnReceived,
  asker: Asker,
  assertHeld: () => void,
): Promise<void> {
  const part = `${path}.part`;
  try {
    await receiveFile(url, part, { assertHeld }, asker, (there, total) => onReceived(there, total ?? there));
  } catch (error) {
    if (error instanceof NetworkFault) throw notFetched(url, error, GOES_ON);
    if (systemErrorCode(error) !== undefined) throw refusedFile(part, 'written', error);
    throw error;
  }
  if (checksum) {
    const digest = await digestOf(part, checksum);
    assertHeld();
    if (digest !== checksum.digest) {
      await rm(part);
      throw new UserError(
        `${shownAddress(url)}: its ${checksum.algorithm} is ${digest}, not ${checksum.digest}`,
        'The file was changed on its way, or the mirror has another: try again, or give a file with --from PATH.',
      );
    }
  }
  assertHeld();
  await rename(part, path);
}

const GOES_ON = ' (it goes on where it stopped)';

/**
 * @param goesOn what the same command does with what came
 */
export function notFetched(url: string, fault: NetworkFault, goesOn = ''): UserError {
  return new UserError(
    `${shownAddress(url)}: cannot be fetched (${fault.message})`,
    fault.remedy ||
      `Connect to the network and run the same command again${goesOn}, or give a file with --from PATH.`,
    { cause: fault },
  );
}
