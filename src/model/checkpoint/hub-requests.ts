/**
 * What a hub is asked about a model. The hub itself has an API for that. Mirrors (Artifactory, Nexus, a plain server of files) have
 * all of it, or a part, or the files alone: then each file's headers are asked for, as Python's huggingface_hub does.
 */
import { createHash } from 'node:crypto';
import { UserError } from '../../errors.js';
import { NetworkFault } from '../../network/fault.js';
import { fetchHeaders } from '../../network/fetch-bytes.js';
import { fetchJson } from '../../network/fetch-json.js';
import { type Asker, HASTY } from '../../network/patience.js';
import { TOKENIZER_FILES } from '../tokenizer/load-tokenizer.js';
import { WEIGHTS_FILE, WEIGHTS_INDEX_FILE } from './checkpoint.js';
import { checkCommit, filesOfAnswer, type HubFile, isCommit, isHash, modelOfAnswer } from './hub-answers.js';
import type { Hub } from './hub-connection.js';
import { noSuchRevision } from './hub-refusal.js';

/** A model at one commit. */
export interface Repository {
  readonly name: string;
  readonly commit: string;
  readonly files: readonly string[];
}

/** What kn asks for, and what it refuses. */
const KNOWN_FILES = [
  'config.json',
  ...TOKENIZER_FILES,
  WEIGHTS_FILE,
  WEIGHTS_INDEX_FILE,
  'pytorch_model.bin',
];

const JSON_HEADERS = { accept: 'application/json', 'content-type': 'application/json' };

const asked = ({ token }: Hub) => (token === undefined ? {} : { token });

/** Where a file's content is. */
export function fileAddress(hub: Hub, name: string, revision: string, path: string): string {
  const parts = path.split('/').map(encodeURIComponent).join('/');
  return `${hub.url}/${name}/resolve/${encodeURIComponent(revision)}/${parts}`;
}

/**
 * Which commit a revision is, and which files it has.
 * @throws NetworkFault where the hub refuses or cannot be asked, UserError where it answers with nonsense or has no such revision
 */
export async function askForModel(hub: Hub, id: string, revision: string, asker: Asker): Promise<Repository> {
  const address = (of: string) => `${hub.url}/api/models/${id}/revision/${encodeURIComponent(of)}`;
  try {
    const answer = await fetchJson(address(revision), asked(hub), asker);
    const { commit, files, name = id } = modelOfAnswer(answer, id, hub.shown);
    if (commit !== undefined && files) return { name, commit, files };
    return await lookForFiles(hub, name, commit ?? revision, asker);
  } catch (error) {
    if (!isMissing(error)) throw error;
    try {
      return await lookForFiles(hub, id, revision, asker);
    } catch (fault) {
      if (!(fault instanceof NetworkFault) || fault.facts.status !== 404) throw fault;
      const hasModel = async () =>
        (await has(() => fetchJson(address('main'), asked(hub), { ...asker, patience: HASTY }))) ||
        (await has(() => headersOf(hub, id, 'main', 'config.json', { ...asker, patience: HASTY })));
      if (revision !== 'main' && (await hasModel())) throw noSuchRevision(id, revision, hub);
      throw fault.facts.headers?.['x-error-code'] ? fault : error;
    }
  }
}

function has(ask: () => Promise<unknown>): Promise<boolean> {
  return ask().then(
    () => true,
    () => false,
  );
}

/**
 * Sizes and hashes of files of a commit.
 * @throws NetworkFault, UserError as {@link askForModel}
 */
export async function askForFiles(
  hub: Hub,
  { name, commit }: Repository,
  paths: readonly string[],
  asker: Asker,
): Promise<HubFile[]> {
  const address = `${hub.url}/api/models/${name}/paths-info/${encodeURIComponent(commit)}`;
  const body = JSON.stringify({ paths, expand: false });
  try {
    const question = { ...asked(hub), method: 'POST', headers: JSON_HEADERS, body } as const;
    return filesOfAnswer(await fetchJson(address, question, asker), paths, name, hub.shown);
  } catch (error) {
    if (!isMissing(error)) throw error;
    const files: HubFile[] = [];
    for (const path of paths) {
      files.push(fileOfHeaders(await headersOf(hub, name, commit, path, asker), name, commit, path));
    }
    return files;
  }
}

/** Whether a server has no such API, rather than an answer: the hub says with a code what it does not have. */
function isMissing(error: unknown): error is NetworkFault {
  if (!(error instanceof NetworkFault)) return false;
  const { status, headers = {} } = error.facts;
  return [400, 404, 405, 410, 500, 501].includes(status ?? 0) && headers['x-error-code'] === undefined;
}

/** A commit and its files by their headers alone. */
async function lookForFiles(hub: Hub, name: string, revision: string, asker: Asker): Promise<Repository> {
  const { headers } = await headersOf(hub, name, revision, 'config.json', asker);
  const commit = headers['x-repo-commit'] ?? (isCommit(revision) ? revision : undefined);
  if (commit === undefined) {
    throw new UserError(
      `${name}: ${hub.shown} does not say which commit ${JSON.stringify(revision)} is (no X-Repo-Commit)`,
      'Give the commit with --revision, or fetch the files yourself and give their folder as --model.',
    );
  }
  checkCommit(name, commit, hub.shown);
  const files: string[] = [];
  for (const path of KNOWN_FILES) {
    try {
      await headersOf(hub, name, commit, path, asker);
      files.push(path);
    } catch (error) {
      if (!(error instanceof NetworkFault) || error.facts.status !== 404) throw error;
      if (!['EntryNotFound', undefined].includes(error.facts.headers?.['x-error-code'])) throw error;
    }
  }
  return { name, commit, files };
}

/** Of the hub's own answer, which says more of a file than the place that it sends to. */
function headersOf(hub: Hub, name: string, revision: string, path: string, asker: Asker) {
  const headers = { 'accept-encoding': 'identity' };
  return fetchHeaders(
    fileAddress(hub, name, revision, path),
    { ...asked(hub), headers, atThisHost: true },
    asker,
  );
}

type Headers = Awaited<ReturnType<typeof fetchHeaders>>;

function fileOfHeaders({ status, headers }: Headers, name: string, commit: string, path: string): HubFile {
  const length = headers['x-linked-size'] ?? (status < 300 ? headers['content-length'] : undefined);
  if (!/^\d{1,15}$/.test(length ?? '')) {
    throw new UserError(
      `${name}: the hub does not say how large ${path} is, so that it could arrive cut off`,
      'Fetch the files yourself and give their folder as --model.',
    );
  }
  const given = (headers['x-linked-etag'] ?? headers.etag ?? '').replace(/^W\//, '').replace(/^"|"$/g, '');
  // It becomes the name of a file. A mirror's own tag (nginx: time and size) may be that of another file or commit too: taken
  // for a name, it would give the one's content out as the other's.
  const own = () =>
    createHash('sha256')
      .update(JSON.stringify([commit, path, given]))
      .digest('base64url');
  const tag = isHash(given) ? given : own();
  return { path, bytes: Number(length), tag };
}
