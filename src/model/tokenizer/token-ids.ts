import { UserError } from '../../errors.js';

/**
 * Ids are rows of the model's embeddings. What is believed of them unseen gives other neurons (1.5), hangs (1e9), or ends in a
 * stack (-1).
 * @param path names the file in errors
 * @param json what tokenizer.json holds, or would hold
 * @throws UserError where an id is no whole number from 0, one of the vocabulary is beyond the model's, two tokens share one, or one token has two
 */
export function checkTokenIds(path: string, json: object, vocabularySize: number): void {
  const holderOf = new Map<unknown, string>();
  const idOf = new Map<string, unknown>();
  // Added tokens are in the vocabulary too, or are new to it: the model need not have rows for these.
  const own = vocabularyOf(json).map(([token, id]) => [token, id, vocabularySize] as const);
  const added = addedTokensOf(json).map(
    ({ id, content }) => [String(content), id, Number.POSITIVE_INFINITY] as const,
  );
  for (const [token, id, size] of [...own, ...added]) {
    checkId(path, token, id, size);
    const [holder, other] = [holderOf.get(id), idOf.get(token)];
    if (holder !== undefined && holder !== token) {
      const both = `${JSON.stringify(holder)} and ${JSON.stringify(token)}`;
      throw new UserError(`${path}: ${both} have the id ${id} both`, REMEDY);
    }
    if (other !== undefined && other !== id)
      throw new UserError(`${path}: ${JSON.stringify(token)} has two ids, ${other} and ${id}`, REMEDY);
    holderOf.set(id, token);
    idOf.set(token, id);
  }
}

const REMEDY = 'The file is damaged, or not of this model: fetch it again.';

function checkId(path: string, token: string, id: unknown, vocabularySize: number): void {
  if (typeof id !== 'number' || !Number.isInteger(id) || id < 0) {
    const named = `${path}: the id of the token ${JSON.stringify(token)}`;
    throw new UserError(`${named} is ${JSON.stringify(id)}, and not a whole number from 0`, REMEDY);
  }
  if (id < vocabularySize) return;
  throw new UserError(
    `${path}: knows token ${id}, and the model's vocabulary ends at ${vocabularySize - 1}`,
    'The tokenizer and the weights are not of one model.',
  );
}

/** A vocabulary with ids of its own: those of unigram models are the places in a list. */
function vocabularyOf(json: object): [string, unknown][] {
  const model = 'model' in json ? json.model : undefined;
  const vocabulary =
    typeof model === 'object' && model !== null && 'vocab' in model ? model.vocab : undefined;
  if (typeof vocabulary !== 'object' || vocabulary === null || Array.isArray(vocabulary)) return [];
  return Object.entries(vocabulary);
}

function addedTokensOf(json: object): { id: unknown; content: unknown }[] {
  return 'added_tokens' in json && Array.isArray(json.added_tokens) ? json.added_tokens : [];
}
