import { join } from 'node:path';
import { DEMO_MODEL } from '../embedded.js';
import { type DownloadReporter, fetchFromHub, type HubModel } from '../model/checkpoint/hub.js';
import { setEnvironment } from './environment.js';
import { filesOf, type HubServerOptions, serveHub } from './hub-server.js';
import { temporaryFolder } from './temporary-folder.js';

export const DEMO_FILES = filesOf(DEMO_MODEL);

/** What else of the caller's environment would count. */
const UNSET = [
  ...['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN', 'HF_TOKEN_PATH', 'HF_HUB_DISABLE_IMPLICIT_TOKEN'],
  ...['HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE', 'HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE'],
];

/** A hub with the demo model as `org/tiny`, and an empty cache. */
export async function hubWith(options: Partial<HubServerOptions> = {}) {
  const server = await serveHub({ files: DEMO_FILES, ...options });
  const home = temporaryFolder();
  setEnvironment({
    ...Object.fromEntries(UNSET.map(name => [name, undefined])),
    HF_HOME: home,
    HF_ENDPOINT: server.url,
  });
  return { server, home, storage: join(home, 'hub', 'models--org--tiny') };
}

export const silent: DownloadReporter = { progress: () => undefined, notice: () => undefined };

export const BRISK = { tries: 3, firstWait: 10, longestWait: 1000, silence: 2000, whole: 3000 };

export function fetchTiny(reporter = silent, revision = 'main', patience = BRISK): Promise<HubModel> {
  return fetchFromHub('org/tiny', revision, reporter, 'whole', patience);
}

/** The same, with what was said meanwhile. */
export async function fetchAndListen(
  revision = 'main',
  patience = BRISK,
): Promise<{ model: HubModel; notices: string[] }> {
  const notices: string[] = [];
  const model = await fetchTiny({ ...silent, notice: text => notices.push(text) }, revision, patience);
  return { model, notices };
}
