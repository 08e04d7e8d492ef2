/** Gets what an engine is made of: through pip and npm, which know the user's mirrors and proxies, else by HTTPS. */
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { reasonOf, UserError } from '../errors.js';
import { cacheFolder } from '../runtime/folders.js';
import { type Checksum, hasChecksum } from './checksum.js';
import { download } from './download.js';
import { runTool } from './run-tool.js';
import { GOOGLE_TENSORFLOW, type PackageSource, type WheelSource } from './sources.js';

export interface SetupReporter {
  /** What is done now, one line. */
  step(text: string): void;
  received(file: string, bytes: number, total: number): void;
}

/** KN_PYPI_URL and KN_NPM_URL may name mirrors. */
const pypi = () => (process.env.KN_PYPI_URL ?? 'https://pypi.org').replace(/\/+$/, '');
const registry = () => (process.env.KN_NPM_URL ?? 'https://registry.npmjs.org').replace(/\/+$/, '');

const downloads = () => join(cacheFolder(), 'downloads');

/** The wheel's path in the cache. */
export function obtainWheel(wheel: WheelSource, reporter: SetupReporter): Promise<string> {
  const { project, version, file, python, abi, platform } = wheel;
  const checksum: Checksum = { algorithm: 'sha256', encoding: 'hex', digest: wheel.sha256 };
  const pip = (folder: string) => [
    ...['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--dest', folder],
    ...['--only-binary', ':all:', '--implementation', 'cp', '--python-version', python, '--abi', abi],
    ...['--platform', platform, `${project}==${version}`],
  ];
  const tool = { name: 'pip', command: 'python3', args: pip };
  return obtain({ file, checksum, tool, reporter, url: () => wheelUrl(wheel) });
}

/** The package's tarball in the cache. */
export function obtainPackage(source: PackageSource, reporter: SetupReporter): Promise<string> {
  const { name, version, file, sha512 } = source;
  const checksum: Checksum = { algorithm: 'sha512', encoding: 'base64', digest: sha512 };
  const npm = (folder: string) => ['pack', '--silent', '--pack-destination', folder, `${name}@${version}`];
  const tool = { name: 'npm', command: 'npm', args: npm };
  const url = async () => `${registry()}/${name}/-/${basename(name)}-${version}.tgz`;
  return obtain({ file, checksum, tool, reporter, url });
}

/** The tarball of tfjs-node's own libtensorflow, in the cache. */
export async function obtainGoogle(reporter: SetupReporter): Promise<string> {
  const { url } = GOOGLE_TENSORFLOW;
  const path = join(downloads(), basename(url));
  reporter.step(`Fetching ${url}`);
  await download(url, path, undefined, (bytes, total) => reporter.received(basename(url), bytes, total));
  return path;
}

interface Wanted {
  readonly file: string;
  readonly checksum: Checksum;
  /** Leaves the file in the folder that it is given. */
  readonly tool: {
    readonly name: string;
    readonly command: string;
    readonly args: (folder: string) => readonly string[];
  };
  readonly url: () => Promise<string>;
  readonly reporter: SetupReporter;
}

async function obtain(wanted: Wanted): Promise<string> {
  const { file, checksum, reporter, url } = wanted;
  const path = join(downloads(), file);
  if (await hasChecksum(path, checksum)) return path;
  const withTool = await byTool(wanted, path);
  if (withTool === undefined) return path;
  try {
    const from = await url();
    reporter.step(`Fetching ${from}`);
    await download(from, path, checksum, (bytes, total) => reporter.received(file, bytes, total));
    return path;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${error.message}; ${withTool}`, error.remedy, { cause: error });
  }
}

/** @returns undefined where the file is there now, else why it is not */
async function byTool({ file, checksum, tool, reporter }: Wanted, path: string): Promise<string | undefined> {
  await mkdir(downloads(), { recursive: true });
  const folder = await mkdtemp(join(downloads(), `${tool.name}-`));
  try {
    reporter.step(`Fetching ${file} with ${tool.name}`);
    const { code, stderr } = await runTool(tool.command, tool.args(folder));
    if (code === undefined) return `${tool.name} is not here`;
    if (code !== 0) return `${tool.name} could not fetch it (${firstError(stderr)})`;
    if (!(await hasChecksum(join(folder, file), checksum)))
      return `${tool.name} fetched a file with another ${checksum.algorithm}`;
    await rename(join(folder, file), path);
    return undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function firstError(stderr: string): string {
  const lines = stderr.split('\n').filter(line => line.trim() !== '');
  return (lines.find(line => /error/i.test(line)) ?? lines[0] ?? 'it says nothing').trim();
}

const projectSchema = z.object({ urls: z.array(z.object({ filename: z.string(), url: z.string() })) });

async function wheelUrl({ project, version, file }: WheelSource): Promise<string> {
  const index = `${pypi()}/pypi/${project}/${version}/json`;
  let answer: unknown;
  try {
    const response = await fetch(index);
    if (!response.ok) throw new Error(`status ${response.status}`);
    answer = await response.json();
  } catch (error) {
    throw new UserError(
      `${index}: cannot be fetched (${reasonOf(error)})`,
      'Connect to the network and run the same command again, or give a file with --from PATH.',
      { cause: error },
    );
  }
  const parsed = projectSchema.safeParse(answer);
  const found = parsed.data?.urls.find(({ filename }) => filename === file);
  if (!found) throw new UserError(`${index}: it does not list ${file}`, 'Give a file with --from PATH.');
  return found.url;
}
