/**
 * Models from the Hugging Face hub, in the cache that Python's transformers uses too, laid out as huggingface_hub
 * does: `models--<org>--<name>/{refs/<revision>, blobs/<etag>, snapshots/<commit>/<file> -> blob}`.
 *
 * Files are asked for over plain HTTP. The hub's own protocol for large files, xet, is not spoken: it saves nothing where each is
 * fetched once, and HF_HUB_DISABLE_XET has nothing to switch off.
 */
import { dirname, join } from 'node:path';
import { systemErrorCode, UserError } from '../../errors.js';
import { makeFolder, readJsonFile } from '../../files.js';
import { NetworkFault } from '../../network/fault.js';
import { type Asker, hastily, PATIENT, type Patience } from '../../network/patience.js';
import { holdDownload } from '../../runtime/locks/held-download.js';
import { TOKENIZER_FILES } from '../tokenizer/load-tokenizer.js';
import { presentFiles, refusePickle, shardsOfIndex, WEIGHTS_FILE, WEIGHTS_INDEX_FILE } from './checkpoint.js';
import { checkRevision, type HubFile, isHash } from './hub-answers.js';
import { receiveBlob } from './hub-blob.js';
import {
  findCached,
  hasSize,
  noteCommit,
  putIntoSnapshot,
  refusedCache,
  snapshotFolder,
  wholeFiles,
} from './hub-cache.js';
import { connectToHub, type Hub, isOffline } from './hub-connection.js';
import { storageOf } from './hub-folders.js';
import { briefly, DEMO_REMEDY, refusalOf } from './hub-refusal.js';
import { askForFiles, askForModel, fileAddress, type Repository } from './hub-requests.js';

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
  /** Ends the download; what came is kept. */
  readonly signal?: AbortSignal;
}

/** What is fetched, from where, to where, and who waits for it. */
interface Fetching {
  readonly id: string;
  readonly revision: string;
  readonly hub: Hub;
  readonly storage: string;
  readonly reporter: DownloadReporter;
  readonly asker: Asker;
  /** Of all questions, and of a file until it begins to come, where there is something to go on with. */
  readonly haste: Patience | undefined;
}

/**
 * A model's folder in the cache, with every file that kn needs; what is missing is fetched. Where the cache has all of it, a hub
 * that refuses, answers nonsense or cannot be asked keeps nobody from it. Honours HF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_TOKEN and
 * HF_HUB_OFFLINE.
 * @throws UserError where the hub does not have it or cannot be reached, and the cache does not have it either; the reporter's
 *   reason once its signal is aborted
 */
export async function fetchFromHub(
  id: string,
  revision: string,
  reporter: DownloadReporter,
  part: ModelPart = 'whole',
  patience = PATIENT,
): Promise<HubModel> {
  checkRevision(id, revision);
  const storage = storageOf(id);
  let cached = await findWhole(storage, revision);
  if (isOffline()) {
    if (cached) return cached;
    throw new UserError(`${id}: not in the cache (${storage}), and HF_HUB_OFFLINE is set`, DEMO_REMEDY);
  }
  const useCached = (model: HubModel, why: string): HubModel => {
    reporter.notice(`${why}: using ${id} from the cache`);
    return model;
  };
  let hub: Hub;
  try {
    hub = await connectToHub();
  } catch (error) {
    if (!cached || !(error instanceof UserError)) throw error;
    return useCached(cached, error.message);
  }
  const { signal } = reporter;
  const asker: Asker = { patience, notice: reporter.notice, ...(signal && { signal }) };
  const haste = cached && hastily(patience);
  try {
    const repository = await askForModel(hub, id, revision, { ...asker, ...(haste && { patience: haste }) });
    // It may be there without a note of what the revision is.
    cached ??= await findWhole(storage, repository.commit);
    return await fetchSnapshot(repository, part, { id, revision, hub, storage, reporter, asker, haste });
  } catch (error) {
    const refused = refusalIn(error, { id, revision, hub, storage });
    if (!cached || !(refused instanceof UserError)) throw refused;
    return useCached(cached, error instanceof NetworkFault ? briefly(hub, error) : refused.message);
  }
}

async function findWhole(storage: string, revision: string): Promise<HubModel | undefined> {
  const found = await findCached(storage, revision);
  return found && { ...found, whole: true };
}

function refusalIn(error: unknown, asked: Pick<Fetching, 'id' | 'revision' | 'hub' | 'storage'>): unknown {
  if (error instanceof NetworkFault) return refusalOf(asked.id, asked.revision, asked.hub, error);
  return systemErrorCode(error) === undefined ? error : refusedCache(asked.storage, error);
}

async function fetchSnapshot(repository: Repository, part: ModelPart, fetching: Fetching): Promise<HubModel> {
  const { id, revision, storage, hub, asker, haste, reporter } = fetching;
  const hurried = { ...asker, ...(haste && { patience: haste }) };
  const { commit, files } = repository;
  const folder = snapshotFolder(storage, commit);
  const unverified: string[] = [];
  const get = async (wanted: readonly string[]) => {
    const present = await wholeFiles(folder, wanted);
    const missing = wanted.filter(file => !present.includes(file));
    if (missing.length === 0) return;
    for (const file of await askForFiles(hub, repository, missing, hurried)) {
      await fetchFile(file, repository, fetching);
      if (!isHash(file.tag)) unverified.push(file.path);
    }
  };
  const sharded = !files.includes(WEIGHTS_FILE) && files.includes(WEIGHTS_INDEX_FILE);
  if (!sharded && !files.includes(WEIGHTS_FILE)) {
    const pickle = files.find(path => path.endsWith('.bin'));
    throw pickle
      ? refusePickle(`${id}/${pickle}`)
      : new UserError(`${id}: the repository has no ${WEIGHTS_FILE}`, 'Choose another model.');
  }
  const small = ['config.json', ...TOKENIZER_FILES].filter(file => files.includes(file));
  await get(sharded ? [...small, WEIGHTS_INDEX_FILE] : small);
  const index = join(folder, WEIGHTS_INDEX_FILE);
  const weights = sharded ? shardsOfIndex(await readJsonFile(index), index) : [WEIGHTS_FILE];
  if (part === 'whole') await get(weights);
  if (unverified.length > 0) {
    reporter.notice(
      `${hub.shown} gives no hash of ${unverified.join(', ')} of ${id}: only the size was checked`,
    );
  }
  const whole = part === 'whole' || (await presentFiles(folder, weights)).length === weights.length;
  // The cache names no commit that it has not in full.
  if (whole)
    await noteCommit(storage, revision, commit).catch(error => reporter.notice(offlineUnknown(error, id)));
  return { folder, revision: commit, whole };
}

function offlineUnknown(error: unknown, id: string): string {
  const reason = error instanceof Error ? error.message : String(error);
  return `${reason}: without a network, ${id} will not be found by this revision`;
}

async function fetchFile(
  file: HubFile,
  repository: Repository,
  { id, storage, hub, asker, haste, reporter }: Fetching,
): Promise<void> {
  const blobs = join(storage, 'blobs');
  const blob = join(blobs, file.tag);
  const place = join(snapshotFolder(storage, repository.commit), file.path);
  await makeFolder(blobs);
  await makeFolder(dirname(place));
  const name = `${id}/${file.path}`;
  const held = await holdDownload(blob, name, { signal: asker.signal, notice: reporter.notice });
  try {
    // Another program may have left a part of it, where the disk was full.
    const isNew = !(await hasSize(blob, file.bytes));
    if (isNew) {
      const address = fileAddress(hub, repository.name, repository.commit, file.path);
      const source = {
        ...{ address, file, name },
        assertHeld: held.assertHeld,
        ...(hub.token && { token: hub.token }),
        ...(haste && { untilItBegins: haste }),
      };
      await receiveBlob(source, blob, asker, received => reporter.progress(file.path, received, file.bytes));
    }
    await putIntoSnapshot(blob, place, isNew);
  } finally {
    await held.release();
  }
}
