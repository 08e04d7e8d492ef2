/** Where huggingface_hub keeps models and a token: its own rules, since the cache is shared with Python (its `constants.py`). */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** HF_HUB_CACHE, else the older HUGGINGFACE_HUB_CACHE, else `hub` in HF_HOME. */
export function hubCacheFolder(environment: Environment = process.env): string {
  const { HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE } = environment;
  const named = HF_HUB_CACHE ?? HUGGINGFACE_HUB_CACHE;
  return resolve(named === undefined ? join(hubHome(environment), 'hub') : expanded(named, environment));
}

/** The file that `hf auth login` writes. */
export function tokenFile(environment: Environment = process.env): string {
  const named = environment.HF_TOKEN_PATH;
  return resolve(named === undefined ? join(hubHome(environment), 'token') : expanded(named, environment));
}

/** A model's folder in the cache. */
export function storageOf(id: string): string {
  return join(hubCacheFolder(), ['models', ...id.split('/')].join('--'));
}

/** As in Python, a variable that is set and empty names the folder that one is in: only one that is not set is none. */
function hubHome(environment: Environment): string {
  const { HF_HOME, XDG_CACHE_HOME } = environment;
  const home = HF_HOME ?? join(XDG_CACHE_HOME ?? join('~', '.cache'), 'huggingface');
  return expanded(home, environment);
}

/** `~` at the beginning, then `$NAME` and `${NAME}`; a name that is not set stays as it is. */
function expanded(path: string, environment: Environment): string {
  const fromHome = /^~(?=$|[/\\])/.test(path) ? join(environment.HOME ?? homedir(), path.slice(1)) : path;
  return fromHome.replace(
    /\$(\w+)|\$\{(\w+)\}/g,
    (whole, bare?: string, braced?: string) => environment[bare ?? braced ?? ''] ?? whole,
  );
}
