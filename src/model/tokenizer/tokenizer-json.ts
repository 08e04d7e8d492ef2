/** What a tokenizer.json and a vocab.json look like. What each part of one looks like, the part says. */
import { z } from 'zod';
import { addedTokenSchema } from './added-tokens.js';

/** Not a record of zod's, which leaves out a token "__proto__" without a word. */
export const vocabularySchema = z.custom<Readonly<Record<string, number>>>(
  value =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every(id => typeof id === 'number'),
  'each token has a number',
);

const part = z
  .looseObject({ type: z.string() })
  .nullish()
  .transform(value => value ?? null);

/** Files of earlier times do not name their model. */
const model = z.looseObject({ type: z.string().optional() }).transform(found => ({
  ...found,
  type: found.type ?? (Array.isArray(found.vocab) ? 'Unigram' : 'merges' in found ? 'BPE' : 'WordPiece'),
}));

export const tokenizerJsonSchema = z.looseObject({
  model,
  added_tokens: z
    .array(addedTokenSchema.extend({ id: z.number() }))
    .nullish()
    .transform(tokens => tokens ?? []),
  normalizer: part,
  pre_tokenizer: part,
  post_processor: part,
  decoder: part,
});
