/**
 * Gets the wheels of CUDA's libraries. TensorFlow names them with ranges of versions, so that no hash of theirs can be
 * pinned here: each must have the SHA-256 that the index itself gives, which pip checks too.
 */
import { readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../errors.js';
import { readJsonFile } from '../files.js';
import { shownAddress } from '../network/address.js';
import { type Checksum, digestOf, hasChecksum } from './checksum.js';
import { download } from './download.js';
import { downloadsFolder, inFolderOfItsOwn } from './downloads-folder.js';
import type { SetupReporter } from './obtain.js';
import { pipDownload } from './pip.js';
import type { Requirement } from './requirements.js';
import { checkRoom, sum } from './room.js';
import { firstError } from './run-tool.js';
import { newestWheel } from './wheel-index.js';

/**
 * For each requirement the path of a wheel in the cache. One that was fetched for the same requirement before is taken
 * again.
 * @throws UserError where one cannot be had; those that were fetched by then are kept
 */
export async function obtainCudaWheels(
  requirements: readonly Requirement[],
  glibc: string,
  reporter: SetupReporter,
): Promise<string[]> {
  const paths = new Map<Requirement, string>();
  for (const requirement of requirements) {
    const kept = await keptWheel(requirement);
    if (kept !== undefined) paths.set(requirement, kept);
  }
  const arrived: Arrived = async (requirement, file) => {
    paths.set(requirement, await keep(requirement, file));
  };
  const missing = requirements.filter(requirement => !paths.has(requirement));
  const refused = await withPip(missing, arrived, reporter);
  if (refused) await byHttps(refused, arrived, glibc, reporter);
  return [...paths.values()];
}

/** Called with each wheel that is among the downloads now. */
type Arrived = (requirement: Requirement, file: string) => Promise<void>;

interface Refused {
  readonly requirements: readonly Requirement[];
  readonly why: string;
}

/** @returns what it could not get, from the first that failed on: what keeps pip from one keeps it from the others */
async function withPip(
  requirements: readonly Requirement[],
  arrived: Arrived,
  reporter: SetupReporter,
): Promise<Refused | undefined> {
  for (const [i, requirement] of requirements.entries()) {
    const { project, specifier } = requirement;
    const why = await inFolderOfItsOwn('pip', async folder => {
      reporter.step(`Fetching ${project} with pip`);
      const onReceived = (bytes: number, total: number) => reporter.received(project, bytes, total);
      const { code, stderr } = await pipDownload(`${project}${specifier}`, folder, onReceived);
      if (code === undefined) return 'pip is not here';
      if (code !== 0) return `pip could not fetch it (${firstError(stderr)})`;
      const [file] = (await readdir(folder)).filter(name => name.endsWith('.whl'));
      if (file === undefined) return 'pip fetched no wheel';
      await rename(join(folder, file), join(downloadsFolder(), file));
      await arrived(requirement, file);
      return undefined;
    });
    if (why !== undefined) return { requirements: requirements.slice(i), why };
  }
  return undefined;
}

async function byHttps(
  { requirements, why }: Refused,
  arrived: Arrived,
  glibc: string,
  reporter: SetupReporter,
): Promise<void> {
  try {
    const asker = { notice: reporter.step };
    const wheels = await Promise.all(requirements.map(requirement => newestWheel(requirement, glibc, asker)));
    await checkRoom({ folder: downloadsFolder(), bytes: sum(wheels.map(({ bytes }) => bytes)) });
    for (const [i, { file, url, sha256 }] of wheels.entries()) {
      reporter.step(`Fetching ${shownAddress(url)}`);
      const received = (bytes: number, total: number) => reporter.received(file, bytes, total);
      await download(url, join(downloadsFolder(), file), checksumOf(sha256), received, asker);
      await arrived(requirements[i], file);
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${error.message}; ${why}`, error.remedy, { cause: error });
  }
}

const keptSchema = z.object({ specifier: z.string(), file: z.string(), sha256: z.string() });

const recordOf = (project: string) => join(downloadsFolder(), `${project}.json`);

/** Notes which wheel was taken, so that it is taken again without a network. */
async function keep({ project, specifier }: Requirement, file: string): Promise<string> {
  const path = join(downloadsFolder(), file);
  const sha256 = await digestOf(path, { algorithm: 'sha256', encoding: 'hex' });
  await writeFile(recordOf(project), `${JSON.stringify({ specifier, file, sha256 })}\n`);
  return path;
}

async function keptWheel({ project, specifier }: Requirement): Promise<string | undefined> {
  const kept = keptSchema.safeParse(await readJsonFile(recordOf(project)).catch(() => undefined)).data;
  if (kept?.specifier !== specifier) return undefined;
  const path = join(downloadsFolder(), kept.file);
  return (await hasChecksum(path, checksumOf(kept.sha256))) ? path : undefined;
}

function checksumOf(digest: string): Checksum {
  return { algorithm: 'sha256', encoding: 'hex', digest };
}
