/** Asks PyPI, or the mirror that KN_PYPI_URL names, where wheels are. */
import { maxSatisfying, valid } from '@renovatebot/pep440';
import { z } from 'zod';
import { UserError } from '../errors.js';
import { shownAddress } from '../network/address.js';
import { NetworkFault } from '../network/fault.js';
import { fetchJson } from '../network/fetch-json.js';
import type { Asker } from '../network/patience.js';
import { notFetched } from './download.js';
import type { Requirement } from './requirements.js';
import type { WheelSource } from './sources.js';
import { runsOnLinux } from './wheel-name.js';

const pypi = () => (process.env.KN_PYPI_URL || 'https://pypi.org').replace(/\/+$/, '');

const fileSchema = z.object({ filename: z.string(), url: z.string() });

const releaseSchema = z.object({ urls: z.array(fileSchema) });

const projectSchema = z.object({
  releases: z.record(
    z.string(),
    z.array(
      fileSchema.extend({
        size: z.number(),
        digests: z.object({ sha256: z.string() }),
        yanked: z.boolean().default(false),
      }),
    ),
  ),
});

/** A wheel as the index lists it: nobody else vouches for its checksum. */
export interface ListedWheel {
  readonly file: string;
  readonly url: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** @throws UserError where the index cannot be asked, or does not list the wheel */
export async function wheelUrl({ project, version, file }: WheelSource, asker: Asker = {}): Promise<string> {
  const index = `${pypi()}/pypi/${project}/${version}/json`;
  return urlOf(await ask(index, asker), file, shownAddress(index));
}

/**
 * What the index's answer says of a file.
 * @param index names it in errors
 * @throws UserError where it does not list the file
 */
export function urlOf(answer: unknown, file: string, index: string): string {
  const found = releaseSchema.safeParse(answer).data?.urls.find(({ filename }) => filename === file);
  if (!found) throw new UserError(`${index}: it does not list ${file}`, 'Give a file with --from PATH.');
  return found.url;
}

/**
 * The newest wheel for this machine that satisfies a requirement. Pre-releases and what was yanked do not count.
 * @throws UserError where there is none, or the index cannot be asked
 */
export async function newestWheel(
  { project, specifier }: Requirement,
  glibc: string,
  asker: Asker = {},
): Promise<ListedWheel> {
  const index = `${pypi()}/pypi/${project}/json`;
  return newestOf(await ask(index, asker), { project, specifier }, glibc, shownAddress(index));
}

/**
 * The same of an index's answer.
 * @param index names it in errors
 * @throws UserError where no wheel of it will do
 */
export function newestOf(
  answer: unknown,
  { project, specifier }: Requirement,
  glibc: string,
  index: string,
): ListedWheel {
  const releases = projectSchema.safeParse(answer).data?.releases ?? {};
  const files = new Map(
    Object.entries(releases).flatMap(([version, listed]) => {
      // Indexes list versions from before there were rules for them ("2004d"); no number holds more digits exactly.
      if (!valid(version) || /\d{16}/.test(version)) return [];
      const file = listed.find(({ filename, yanked }) => !yanked && runsOnLinux(filename, glibc));
      return file ? [[version, file] as const] : [];
    }),
  );
  const newest = files.get(maxSatisfying([...files.keys()], specifier) ?? '');
  if (!newest) {
    throw new UserError(
      `${index}: no wheel for Linux x64 and glibc ${glibc} satisfies ${project}${specifier}`,
      'Name an index that has one with KN_PYPI_URL, or set up the engine without --cuda.',
    );
  }
  const { filename, url, size, digests } = newest;
  return { file: filename, url, bytes: size, sha256: digests.sha256 };
}

async function ask(index: string, asker: Asker): Promise<unknown> {
  try {
    return await fetchJson(index, {}, asker);
  } catch (error) {
    if (error instanceof NetworkFault) throw notFetched(index, error);
    throw error;
  }
}
