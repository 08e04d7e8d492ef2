/** What belongs around a text: the post-processors of a tokenizer.json, for a text by itself. */
import { z } from 'zod';
import type { Part } from './part.js';
import { UnbuiltPart } from './unbuilt-part.js';

export interface Around {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

const typeId = z.number().int().nonnegative();
const templateSchema = z.object({
  single: z.array(
    z.union([
      z.strictObject({ SpecialToken: z.strictObject({ id: z.string(), type_id: typeId }) }),
      z.strictObject({ Sequence: z.strictObject({ id: z.enum(['A', 'B']), type_id: typeId }) }),
    ]),
  ),
  special_tokens: z.custom<Readonly<Record<string, unknown>>>(
    value => typeof value === 'object' && value !== null && !Array.isArray(value),
  ),
});
const specialSchema = z.object({
  id: z.string(),
  ids: z.array(z.number().int().nonnegative()),
  tokens: z.array(z.string()),
});
const pairSchema = z.tuple([z.string(), z.number().int().nonnegative()]);
const bertSchema = z.object({ sep: pairSchema, cls: pairSchema });
const sequenceSchema = z.object({ processors: z.array(z.looseObject({ type: z.string() })) });

const NOTHING: Around = { before: [], after: [] };

/**
 * @param idOf of a token of the vocabulary, added ones too
 * @throws UnbuiltPart, an error of its schema where it is malformed, and where a token's id is another than the vocabulary's
 */
export function aroundOf(part: Part | null, idOf: (token: string) => number | undefined): Around {
  if (part === null) return NOTHING;
  const checked = (token: string, id: number) => {
    if (idOf(token) === id) return id;
    throw new Error(
      `its post-processor has the id ${id} for ${JSON.stringify(token)}, and its vocabulary ${idOf(token) ?? 'none'}`,
    );
  };
  switch (part.type) {
    case 'ByteLevel':
      return NOTHING;
    case 'BertProcessing':
    case 'RobertaProcessing': {
      const { sep, cls } = bertSchema.parse(part);
      return { before: [checked(...cls)], after: [checked(...sep)] };
    }
    case 'Sequence':
      return sequenceSchema
        .parse(part)
        .processors.map(inner => aroundOf(inner, idOf))
        .reduce(
          ({ before, after }, outer) => ({
            before: [...outer.before, ...before],
            after: [...after, ...outer.after],
          }),
          NOTHING,
        );
    case 'TemplateProcessing': {
      const { single, special_tokens } = templateSchema.parse(part);
      const texts = single.filter(piece => 'Sequence' in piece);
      if (texts.length !== 1 || texts[0].Sequence.id !== 'A')
        throw new UnbuiltPart('post-processor with a text twice or none');
      const text = single.findIndex(piece => 'Sequence' in piece);
      const idsOf = (pieces: typeof single) =>
        pieces.flatMap(piece => {
          if (!('SpecialToken' in piece)) return [];
          const name = piece.SpecialToken.id;
          const { ids, tokens } = specialSchema.parse(
            Object.hasOwn(special_tokens, name) ? special_tokens[name] : undefined,
          );
          if (ids.length !== tokens.length)
            throw new Error(`its post-processor has ${ids.length} ids for ${tokens.length} tokens`);
          return ids.map((id, i) => checked(tokens[i], id));
        });
      return { before: idsOf(single.slice(0, text)), after: idsOf(single.slice(text + 1)) };
    }
    default:
      throw new UnbuiltPart(`post-processor ${JSON.stringify(part.type)}`);
  }
}
