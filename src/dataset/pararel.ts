import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import pLimit from 'p-limit';
import { z } from 'zod';
import { PARAREL_MANIFEST } from '../embedded.js';
import { refusedFile, UserError } from '../errors.js';
import { readJsonFile } from '../files.js';
import { shownAddress } from '../network/address.js';
import { NetworkFault } from '../network/fault.js';
import { fetchBytes } from '../network/fetch-bytes.js';
import { type Asker, PATIENT } from '../network/patience.js';
import { readPlainFile } from '../plain-file.js';
import { cacheFolder } from '../runtime/folders.js';
import { writeWholeFile } from '../whole-file.js';
import { openDataset, selectRelations } from './dataset.js';
import { FACTS_FOLDER, PATTERNS_FOLDER } from './relation-files.js';
import { inRelationOrder } from './relation-order.js';
import type { DataSource, FetchReporter } from './source.js';

const manifestSchema = z.object({
  commit: z.string(),
  /** Where each folder of our layout is in the repository. */
  folders: z.record(z.string(), z.string()),
  files: z.record(z.string(), z.object({ bytes: z.int(), sha256: z.string() })),
});

/** KN_PARAREL_URL may name a mirror: the repository's files at this commit. */
const urlOf = (commit: string) =>
  (process.env.KN_PARAREL_URL || `https://raw.githubusercontent.com/yanaiela/pararel/${commit}`).replace(
    /\/+$/,
    '',
  );

const AT_ONCE = 6;
const REMEDY =
  'Connect to the network, point --data at a copy of the files, or use --data demo, which needs no download.';

/**
 * PARAREL's own relation files at a pinned commit, in the user's cache. Every file's SHA-256 is checked each time;
 * a missing or damaged one is fetched.
 * @returns the folder, in PARAREL's layout
 * @throws UserError where a file is missing and cannot be fetched
 */
export async function fetchPararel(reporter: FetchReporter, patience = PATIENT): Promise<string> {
  const { commit, folders, files, folder, missing } = await lookInCache();
  if (missing.length === 0) return folder;

  const base = urlOf(commit);
  const limit = pLimit(AT_ONCE);
  const failed = new AbortController();
  const asker: Asker = {
    patience,
    notice: once(reporter.notice),
    signal: reporter.signal ? AbortSignal.any([reporter.signal, failed.signal]) : failed.signal,
  };
  let done = 0;
  reporter.progress(done, missing.length);
  const fetchOne = async (file: string) => {
    const [part, name] = file.split('/');
    const content = await download(`${base}/${folders[part]}/${name}`, files[file].bytes, asker);
    if (hash(content) !== files[file].sha256) {
      throw new UserError(
        `${shownAddress(base)}/${folders[part]}/${name}: not the file of commit ${commit} (its SHA-256 differs)`,
        REMEDY,
      );
    }
    await store(join(folder, file), content);
    reporter.progress(++done, missing.length);
  };
  try {
    await Promise.all(missing.map(file => limit(() => fetchOne(file))));
  } finally {
    // Where one cannot be had, the others are not waited for.
    limit.clearQueue();
    failed.abort();
  }
  return folder;
}

async function relationsOfManifest(): Promise<string[]> {
  const { files } = await readManifest();
  const withFacts = Object.keys(files).filter(file => dirname(file) === FACTS_FOLDER);
  const relations = withFacts.map(file => basename(file, '.jsonl'));
  return relations.filter(relation => `${PATTERNS_FOLDER}/${relation}.jsonl` in files);
}

async function readManifest() {
  return manifestSchema.parse(await readJsonFile(PARAREL_MANIFEST));
}

/** The manifest, the folder in the cache, and the files that are missing there or damaged. */
async function lookInCache() {
  const manifest = await readManifest();
  const folder = join(cacheFolder(), 'pararel', manifest.commit);
  const missing: string[] = [];
  for (const [file, { bytes, sha256 }] of Object.entries(manifest.files)) {
    const content = await readPlainFile(join(folder, file), bytes).catch(() => undefined);
    if (!content || hash(content) !== sha256) missing.push(file);
  }
  return { ...manifest, folder, missing };
}

/** PARAREL itself: 27,610 facts of 39 relations. */
export const pararel: DataSource = {
  name: 'pararel',
  title: 'PARAREL',
  isHere: async () => (await lookInCache()).missing.length === 0,
  check: async ({ relations }) => {
    selectRelations(inRelationOrder(await relationsOfManifest()), relations, 'PARAREL');
  },
  fetch: async reporter => {
    await fetchPararel(reporter);
  },
  open: async (selection, causal) => openDataset((await lookInCache()).folder, selection, causal),
};

function hash(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

async function download(url: string, bytes: number, asker: Asker): Promise<Uint8Array> {
  try {
    return await fetchBytes(url, {}, asker, bytes);
  } catch (error) {
    if (!(error instanceof NetworkFault)) throw error;
    throw new UserError(
      `PARAREL is not in the cache, and ${shownAddress(url)} cannot be fetched (${error.message})`,
      error.remedy || REMEDY,
      { cause: error },
    );
  }
}

/** Files are fetched six at once, and a server that is busy is busy for all of them. */
function once(tell: (text: string) => void): (text: string) => void {
  let told = false;
  return text => {
    if (!told) tell(text);
    told = true;
  };
}

async function store(path: string, content: Uint8Array): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeWholeFile(path, content);
  } catch (error) {
    throw refusedFile(path, 'written', error, 'Set KN_CACHE to a folder with room.');
  }
}
