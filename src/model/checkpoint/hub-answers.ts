/** What becomes a place in the cache is not believed unseen: a revision that was asked for, and the hub's answers. */
import { UserError } from '../../errors.js';

const UNTRUSTED = 'That is no answer of a hub: look at HF_ENDPOINT.';

export function isCommit(sha: string | undefined): sha is string {
  return /^[0-9a-f]{40}$/.test(sha ?? '');
}

/** @throws UserError where the hub gave no commit, which names the snapshot's folder */
export function checkCommit(id: string, sha: string | undefined, hubUrl: string): asserts sha is string {
  if (isCommit(sha)) return;
  const given = sha ? `${JSON.stringify(sha)} for a commit` : 'no commit';
  throw new UserError(`${id}: ${hubUrl} gave ${given}`, UNTRUSTED);
}

/** @throws UserError where the hub answered with another file than those that were asked for */
export function checkPaths(
  id: string,
  answers: readonly { readonly path: string }[],
  asked: readonly string[],
  hubUrl: string,
): void {
  const unasked = answers.find(({ path }) => !asked.includes(path));
  if (!unasked) return;
  const named = JSON.stringify(unasked.path);
  throw new UserError(`${id}: ${hubUrl} answered with ${named}, which was not asked for`, UNTRUSTED);
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
