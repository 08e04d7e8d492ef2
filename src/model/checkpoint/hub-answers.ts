/** What becomes a place in the cache is not believed unseen: a revision that was asked for, and the hub's answers. */
import { z } from 'zod';
import { UserError } from '../../errors.js';

const UNTRUSTED = 'That is no answer of a hub: look at HF_ENDPOINT.';

/** What a hub says of a model. */
export interface ModelAnswer {
  /** Mirrors leave out one or the other. */
  readonly commit: string | undefined;
  readonly files: readonly string[] | undefined;
  /** The model's name by now, where that has changed. */
  readonly name: string | undefined;
}

/** What a hub says of a file. */
export interface HubFile {
  readonly path: string;
  readonly bytes: number;
  /**
   * A name for the content. Of 64 hexadecimal digits it is its SHA-256, of 40 git's SHA-1 of it or the plain one, which some mirrors
   * give; any other says nothing of it.
   */
  readonly tag: string;
}

const modelSchema = z.object({
  sha: z.string().nullish(),
  id: z.string().nullish(),
  siblings: z.array(z.object({ rfilename: z.string() })).nullish(),
});

const filesSchema = z.array(
  z.object({
    path: z.string(),
    size: z.int().nonnegative(),
    oid: z.string().nullish(),
    lfs: z.object({ oid: z.string() }).nullish(),
  }),
);

export function isCommit(sha: string | undefined): sha is string {
  return /^[0-9a-f]{40}$/.test(sha ?? '');
}

export function isHash(tag: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(tag);
}

/** @throws UserError where it is no answer about a model, or names a commit that is none: that names the snapshot's folder */
export function modelOfAnswer(answer: unknown, id: string, hubUrl: string): ModelAnswer {
  const parsed = modelSchema.safeParse(answer);
  if (!parsed.success)
    throw new UserError(`${id}: ${hubUrl} answered with what describes no model`, UNTRUSTED);
  const { sha, id: name, siblings } = parsed.data;
  const commit = sha ?? undefined;
  if (commit !== undefined) checkCommit(id, commit, hubUrl);
  const isName = name && /^[\w-][\w.-]*(?:\/[\w-][\w.-]*)?$/.test(name);
  return {
    commit,
    files: siblings?.map(({ rfilename }) => rfilename),
    name: isName ? name : undefined,
  };
}

/** @throws UserError where the hub gave no commit */
export function checkCommit(id: string, sha: string | undefined, hubUrl: string): asserts sha is string {
  if (isCommit(sha)) return;
  const given = sha ? `${JSON.stringify(sha)} for a commit` : 'no commit';
  throw new UserError(`${id}: ${hubUrl} gave ${given}`, UNTRUSTED);
}

/** @throws UserError where the hub answered with others than the files that were asked for, or gave no hash of one */
export function filesOfAnswer(
  answer: unknown,
  asked: readonly string[],
  id: string,
  hubUrl: string,
): HubFile[] {
  const parsed = filesSchema.safeParse(answer);
  if (!parsed.success)
    throw new UserError(`${id}: ${hubUrl} answered with what describes no files`, UNTRUSTED);
  const unasked = parsed.data.find(({ path }) => !asked.includes(path));
  if (unasked) {
    const named = JSON.stringify(unasked.path);
    throw new UserError(`${id}: ${hubUrl} answered with ${named}, which was not asked for`, UNTRUSTED);
  }
  return asked.map(path => {
    const found = parsed.data.find(file => file.path === path);
    if (!found) throw new UserError(`${id}: ${hubUrl} lists ${path}, but does not describe it`, UNTRUSTED);
    const tag = found.lfs?.oid ?? found.oid ?? '';
    if (!isHash(tag)) throw new UserError(`${id}: the hub gave no hash for ${path}`, UNTRUSTED);
    return { path, bytes: found.size, tag };
  });
}

/**
 * A revision names a file of the cache, below refs/.
 * @throws UserError where that would lie elsewhere
 */
export function checkRevision(id: string, revision: string): void {
  const isInside = revision.split(/[/\\]/).every(part => part !== '' && part !== '.' && part !== '..');
  if (isInside && !/\p{Cc}/u.test(revision)) return;
  throw new UserError(
    `${id}: ${JSON.stringify(revision)} is the name of no revision`,
    'Give a branch, a tag or a commit of the model: main, v1.0, refs/pr/1.',
  );
}
