/** Gets what an engine is made of: through pip and npm, which know the user's mirrors and proxies, else by HTTPS. */
import { rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '../errors.js';
import { shownAddress } from '../network/address.js';
import type { Asker } from '../network/patience.js';
import { type Checksum, hasChecksum } from './checksum.js';
import { download } from './download.js';
import { downloadsFolder, inFolderOfItsOwn } from './downloads-folder.js';
import { pipDownload } from './pip.js';
import { firstError, runTool, type ToolResult } from './run-tool.js';
import { GOOGLE_TENSORFLOW, type PackageSource, type WheelSource } from './sources.js';
import { wheelUrl } from './wheel-index.js';

export interface SetupReporter {
  /** What is done now, one line. */
  step(text: string): void;
  received(file: string, bytes: number, total: number): void;
}

/** KN_NPM_URL may name a mirror. */
const registry = () => (process.env.KN_NPM_URL || 'https://registry.npmjs.org').replace(/\/+$/, '');

/** The wheel's path in the cache. */
export function obtainWheel(wheel: WheelSource, reporter: SetupReporter): Promise<string> {
  const { project, version, file, python, abi, platform, bytes } = wheel;
  const checksum: Checksum = { algorithm: 'sha256', encoding: 'hex', digest: wheel.sha256 };
  const tags = ['--implementation', 'cp', '--python-version', python, '--abi', abi, '--platform', platform];
  const received = (done: number) => reporter.received(file, done, bytes);
  const run = (folder: string) => pipDownload(`${project}==${version}`, folder, received, tags);
  const tool = { name: 'pip', run };
  return obtain({ file, checksum, tool, reporter, url: asker => wheelUrl(wheel, asker) });
}

/** The package's tarball in the cache. */
export function obtainPackage(source: PackageSource, reporter: SetupReporter): Promise<string> {
  const { name, version, file, sha512 } = source;
  const checksum: Checksum = { algorithm: 'sha512', encoding: 'base64', digest: sha512 };
  const run = (folder: string) =>
    runTool('npm', ['pack', '--silent', '--pack-destination', folder, `${name}@${version}`]);
  const tool = { name: 'npm', run };
  const url = async () => `${registry()}/${name}/-/${basename(name)}-${version}.tgz`;
  return obtain({ file, checksum, tool, reporter, url });
}

/** The tarball of tfjs-node's own libtensorflow, in the cache. */
export async function obtainGoogle(reporter: SetupReporter): Promise<string> {
  const { url } = GOOGLE_TENSORFLOW;
  const path = join(downloadsFolder(), basename(url));
  reporter.step(`Fetching ${url}`);
  const received = (bytes: number, total: number) => reporter.received(basename(url), bytes, total);
  await download(url, path, undefined, received, { notice: reporter.step });
  return path;
}

interface Wanted {
  readonly file: string;
  readonly checksum: Checksum;
  /** Leaves the file in the folder that it is given. */
  readonly tool: {
    readonly name: string;
    readonly run: (folder: string) => Promise<ToolResult>;
  };
  readonly url: (asker: Asker) => Promise<string>;
  readonly reporter: SetupReporter;
}

async function obtain(wanted: Wanted): Promise<string> {
  const { file, checksum, reporter, url } = wanted;
  const path = join(downloadsFolder(), file);
  if (await hasChecksum(path, checksum)) return path;
  const withTool = await byTool(wanted, path);
  if (withTool === undefined) return path;
  try {
    const asker = { notice: reporter.step };
    const from = await url(asker);
    reporter.step(`Fetching ${shownAddress(from)}`);
    const received = (bytes: number, total: number) => reporter.received(file, bytes, total);
    await download(from, path, checksum, received, asker);
    return path;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${error.message}; ${withTool}`, error.remedy, { cause: error });
  }
}

/** @returns undefined where the file is there now, else why it is not */
async function byTool({ file, checksum, tool, reporter }: Wanted, path: string): Promise<string | undefined> {
  return inFolderOfItsOwn(tool.name, async folder => {
    reporter.step(`Fetching ${file} with ${tool.name}`);
    const { code, stderr } = await tool.run(folder);
    if (code === undefined) return `${tool.name} is not here`;
    if (code !== 0) return `${tool.name} could not fetch it (${firstError(stderr)})`;
    if (!(await hasChecksum(join(folder, file), checksum)))
      return `${tool.name} fetched a file with another ${checksum.algorithm}`;
    await rename(join(folder, file), path);
    return undefined;
  });
}
