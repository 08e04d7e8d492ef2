/**
 * Models from the Hugging Face hub, in the cache that Python's transformers uses too, laid out as huggingface_hub
 * does: `models--<org>--<name>/{refs/<revision>, blobs/<etag>, snapshots/<commit>/<file> -> blob}`.
 *
 * The requests are @huggingface/hub's. Its own `snapshotDownload` is not used: it fetches every file of a
 * repository, all weights in all formats, writes to standard output, and checks nothing that arrives.
 */
import { mkdir, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import {
  downloadFile,
  getHFHubCachePath,
  getRepoFolderName,
  HubApiError,
  modelInfo,
  type PathInfo,
  pathsInfo,
} from '@huggingface/hub';
import { reasonOf, refusedFile, systemErrorCode, UserError } from '../../errors.js';
import { fileExists, readJsonFile } from '../../files.js';
import { readPlainText } from '../../plain-file.js';
import { holderText } from '../../runtime/locks/holder.js';
import { waitForLock } from '../../runtime/locks/process-lock.js';
import { writeWholeFile } from '../../whole-file.js';
import { TOKENIZER_FILES } from '../tokenizer/load-tokenizer.js';
import { presentFiles, refusePickle, shardsOfIndex, WEIGHTS_FILE, WEIGHTS_INDEX_FILE } from './checkpoint.js';
import { checkCommit, checkPaths, checkRevision, isCommit } from './hub-answers.js';
import { receiveBlob } from './hub-blob.js';

export interface HubModel {
  readonly folder: string;
  /** The commit. */
  readonly revision: string;
  /** Whether the weights are there too. */
  readonly whole: boolean;
}

/** All of a model, or what says what it is: its configuration and tokenizer, which are small. */
export type ModelPart = 'whole' | 'description';

/** Who is told how a download goes. */
export interface DownloadReporter {
  /** Bytes of one file. */
  progress(file: string, received: number, total: number): void;
  notice(text: string): void;
}

interface Connection {
  readonly hubUrl: string;
  readonly accessToken?: string;
}

/** A commit, or an access token, in bytes. */
const SHORT = 4096;

const ROOM_REMEDY = 'Set HF_HOME to a folder with room.';

const DEMO_REMEDY =
  'Connect to the network, set HF_ENDPOINT to a mirror, or try kn with --model demo, which needs none.';

/**
 * A model's folder in the cache, with every file that kn needs; what is missing is fetched. Honours HF_HOME,
 * HF_HUB_CACHE, HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE.
 * @throws UserError where the hub does not have it or cannot be reached, and the cache does not have it either
 */
export async function fetchFromHub(
  id: string,
  revision: string,
  reporter: DownloadReporter,
  part: ModelPart = 'whole',
): Promise<HubModel> {
  checkRevision(id, revision);
  const storage = join(getHFHubCachePath(), getRepoFolderName({ type: 'model', name: id }));
  if (isOffline()) {
    const cached = await findCached(storage, revision);
    if (cached) return cached;
    throw new UserError(`${id}: not in the cache (${storage}), and HF_HUB_OFFLINE is set`, DEMO_REMEDY);
  }
  const connection = await connect();
  try {
    return await fetchSnapshot(id, revision, part, storage, connection, reporter);
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (error instanceof HubApiError) throw explain(id, error);
    if (systemErrorCode(error) !== undefined) {
      throw refusedFile(storage, 'written', error, ROOM_REMEDY);
    }
    const cached = await findCached(storage, revision);
    if (cached) {
      reporter.notice(
        `${connection.hubUrl} cannot be reached (${reasonOf(error)}): using ${id} from the cache`,
      );
      return cached;
    }
    throw new UserError(
      `${id}: not in the cache, and ${connection.hubUrl} cannot be reached (${reasonOf(error)})`,
      DEMO_REMEDY,
      {
        cause: error,
      },
    );
  }
}

async function fetchSnapshot(
  id: string,
  revision: string,
  part: ModelPart,
  storage: string,
  connection: Connection,
  reporter: DownloadReporter,
): Promise<HubModel> {
  const info = await modelInfo({ ...connection, name: id, revision, additionalFields: ['sha', 'filePaths'] });
  // The hub redirects old names (bert-base-uncased is google-bert/bert-base-uncased); later requests take the new one.
  const { sha, filePaths = [], name = id } = info;
  checkCommit(id, sha, connection.hubUrl);
  const folder = join(storage, 'snapshots', sha);
  const get = async (files: readonly string[]) => {
    const missing: string[] = [];
    for (const file of files) if (!(await fileExists(join(folder, file)))) missing.push(file);
    if (missing.length === 0) return;
    const paths = await pathsInfo({
      ...connection,
      repo: name,
      revision: sha,
      paths: missing,
      expand: false,
    });
    checkPaths(id, paths, missing, connection.hubUrl);
    for (const path of paths) await fetchFile(name, sha, path, storage, folder, connection, reporter);
  };
  const sharded = !filePaths.includes(WEIGHTS_FILE) && filePaths.includes(WEIGHTS_INDEX_FILE);
  if (!sharded && !filePaths.includes(WEIGHTS_FILE)) {
    const pickle = filePaths.find(path => path.endsWith('.bin'));
    throw pickle
      ? refusePickle(`${id}/${pickle}`)
      : new UserError(`${id}: the repository has no ${WEIGHTS_FILE}`, 'Choose another model.');
  }
  const small = ['config.json', ...TOKENIZER_FILES].filter(file => filePaths.includes(file));
  await get(sharded ? [...small, WEIGHTS_INDEX_FILE] : small);
  const index = join(folder, WEIGHTS_INDEX_FILE);
  const weights = sharded ? shardsOfIndex(await readJsonFile(index), index) : [WEIGHTS_FILE];
  if (part === 'whole') await get(weights);
  const whole = part === 'whole' || (await presentFiles(folder, weights)).length === weights.length;
  // The cache names no commit that it has not in full.
  if (whole && revision !== sha) {
    const ref = join(storage, 'refs', revision);
    await mkdir(dirname(ref), { recursive: true });
    await writeWholeFile(ref, sha).catch(error => {
      throw refusedFile(ref, 'written', error, ROOM_REMEDY);
    });
  }
  return { folder, revision: sha, whole };
}

async function fetchFile(
  id: string,
  revision: string,
  { path, size, lfs, oid }: PathInfo,
  storage: string,
  folder: string,
  connection: Connection,
  reporter: DownloadReporter,
): Promise<void> {
  const etag = lfs?.oid ?? oid;
  if (!etag || !/^[0-9a-f]{40,64}$/.test(etag))
    throw new UserError(`${id}: the hub gave no hash for ${path}`);
  const blobs = join(storage, 'blobs');
  const blob = join(blobs, etag);
  await mkdir(blobs, { recursive: true });
  await mkdir(dirname(join(folder, path)), { recursive: true });
  // Another kn may be fetching the same file: then its result serves this one too.
  const lock = await waitForLock(`${blob}.lock`, {
    onWait: holder => {
      const who = holder && ` (${holderText(holder)}, since ${holder.since})`;
      reporter.notice(`another kn${who ?? ''} is fetching ${id}/${path}: waiting for it`);
    },
  });
  try {
    if (!(await fileExists(blob))) {
      const open = async () => {
        const source = await downloadFile({ ...connection, repo: id, path, revision });
        if (!source) throw new UserError(`${id}: the hub lists ${path} but does not have it`);
        return source;
      };
      await receiveBlob(open, blob, { name: `${id}/${path}`, bytes: size, hash: etag }, received =>
        reporter.progress(path, received, size),
      );
    }
    const link = join(folder, path);
    if (!(await fileExists(link))) await symlink(relative(dirname(link), blob), link);
  } finally {
    await lock.release();
  }
}

/** The snapshot that `revision` names in the cache, where it is complete. */
async function findCached(storage: string, revision: string): Promise<HubModel | undefined> {
  const sha = isCommit(revision)
    ? revision
    : (await readPlainText(join(storage, 'refs', revision), SHORT).catch(() => '')).trim();
  if (!isCommit(sha)) return undefined;
  const folder = join(storage, 'snapshots', sha);
  const has = (file: string) => fileExists(join(folder, file));
  const complete =
    (await has('config.json')) && ((await has(WEIGHTS_FILE)) || (await has(WEIGHTS_INDEX_FILE)));
  return complete ? { folder, revision: sha, whole: true } : undefined;
}

async function connect(): Promise<Connection> {
  const hubUrl = (process.env.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, '');
  const home =
    process.env.HF_HOME || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface');
  const stored = await readPlainText(process.env.HF_TOKEN_PATH || join(home, 'token'), SHORT).catch(() => '');
  const accessToken = (process.env.HF_TOKEN || stored).trim();
  if (accessToken && !accessToken.startsWith('hf_')) {
    throw new UserError('HF_TOKEN is not an access token of the hub: it does not begin with "hf_"');
  }
  return accessToken ? { hubUrl, accessToken } : { hubUrl };
}

function isOffline(): boolean {
  return /^(1|on|yes|true)$/i.test(process.env.HF_HUB_OFFLINE ?? process.env.TRANSFORMERS_OFFLINE ?? '');
}

function explain(id: string, { statusCode }: HubApiError): UserError {
  if (statusCode === 401 || statusCode === 403 || statusCode === 404) {
    return new UserError(
      `${id}: the hub has no such model, or it is not open to you (status ${statusCode})`,
      'Check the name; for a private or gated model set HF_TOKEN. --model demo needs no download.',
    );
  }
  return new UserError(
    `${id}: the hub answered with status ${statusCode}`,
    'Try again later, or try kn with --model demo.',
  );
}
