/** Special tokens by what they are for, and all tokens that files add to a vocabulary, as transformers reads them. */
import { z } from 'zod';
import { addedTokenSchema, type GivenToken } from './added-tokens.js';

export const SPECIAL_NAMES = ['bos', 'eos', 'unk', 'sep', 'pad', 'cls', 'mask'] as const;

export type SpecialName = (typeof SPECIAL_NAMES)[number];

/** As a class or a file gives it: a text alone is another token than one with rules, though of the same text. */
export interface SpecialToken extends GivenToken {
  readonly isText: boolean;
}

export const textToken = (content: string): SpecialToken => ({ content, special: true, isText: true });

/** In a tokenizer_config.json a token with rules says that it is one. */
const markedToken = addedTokenSchema.extend({ __type: z.literal('AddedToken') });
const configToken = z.union([z.string(), markedToken]).transform(toSpecial);

/** What is read of tokenizer_config.json. */
export const tokenizerConfigSchema = z.looseObject({
  tokenizer_class: z.string().nullish(),
  auto_map: z.unknown().optional(),
  do_lower_case: z.boolean().nullish(),
  strip_accents: z.boolean().nullish(),
  tokenize_chinese_chars: z.boolean().nullish(),
  add_prefix_space: z.boolean().nullish(),
  add_bos_token: z.boolean().nullish(),
  add_eos_token: z.boolean().nullish(),
  legacy: z.boolean().nullish(),
  split_special_tokens: z.literal(false, 'kn splits no special tokens').nullish(),
  fix_mistral_regex: z.literal(false, 'kn knows nothing of that').nullish(),
  fast_tokenizer_files: z.tuple([z.literal('tokenizer.json')], 'kn reads tokenizer.json alone').optional(),
  additional_special_tokens: z.array(configToken).nullish(),
  extra_special_tokens: z.union([z.array(configToken), z.record(z.string(), configToken)]).nullish(),
  added_tokens_decoder: z
    .record(z.string().regex(/^\d+$/, 'a token has no such id'), addedTokenSchema)
    .optional(),
  ...z.object(specialShape(configToken.nullable().optional())).shape,
});

export type TokenizerConfig = z.infer<typeof tokenizerConfigSchema>;

/** In special_tokens_map.json all tokens are special, and need not say what they are. */
const mapToken = z
  .union([z.string(), addedTokenSchema])
  .transform(token =>
    typeof token === 'string' ? textToken(token) : { ...token, special: true, isText: false },
  );

export const specialTokensMapSchema = z.looseObject({
  ...specialShape(mapToken.nullable().optional()),
  additional_special_tokens: z.array(z.string().transform(textToken)).nullish(),
  extra_special_tokens: z.array(mapToken).nullish(),
});

export type SpecialTokensMap = z.infer<typeof specialTokensMapSchema>;

/** A field for each special token. */
function specialShape<Value extends z.ZodType>(value: Value) {
  return {
    bos_token: value,
    eos_token: value,
    unk_token: value,
    sep_token: value,
    pad_token: value,
    cls_token: value,
    mask_token: value,
  };
}

function toSpecial(token: string | z.infer<typeof markedToken>): SpecialToken {
  if (typeof token === 'string') return textToken(token);
  const { __type, ...rest } = token;
  return { ...rest, isText: false };
}

/** What files say of tokens that are added to a vocabulary. */
export interface TokenFiles {
  readonly config: TokenizerConfig;
  /** special_tokens_map.json */
  readonly map?: SpecialTokensMap | undefined;
  /** added_tokens.json */
  readonly added?: Readonly<Record<string, number>> | undefined;
  /** Of tokenizer.json. */
  readonly json?: readonly (GivenToken & { readonly id: number })[] | undefined;
}

export interface TokensOfFiles {
  /** What is not given is the class's; null is none. */
  readonly named: ReadonlyMap<SpecialName, SpecialToken | null>;
  /** Special ones with names of their own, such as "image_token". */
  readonly ofModel: readonly SpecialToken[];
  /** Special ones without a name. */
  readonly others: readonly SpecialToken[];
  /** All that files give an id. */
  readonly withIds: ReadonlyMap<number, GivenToken>;
}

/** Source: transformers 5.18, PreTrainedTokenizerBase._from_pretrained. Where there is an added_tokens_decoder, no other file counts. */
export function tokensOfFiles({ config, map, added, json }: TokenFiles): TokensOfFiles {
  const named = new Map<SpecialName, SpecialToken | null>();
  const withIds = new Map<number, GivenToken>();
  const isLegacy = config.added_tokens_decoder === undefined;
  for (const name of SPECIAL_NAMES) {
    const ofMap = isLegacy ? map?.[`${name}_token`] : undefined;
    const token = ofMap !== undefined ? ofMap : config[`${name}_token`];
    if (token !== undefined) named.set(name, token);
  }
  const { extra_special_tokens: extra, additional_special_tokens: additional } = config;
  const isFilled = extra != null && (!Array.isArray(extra) || extra.length > 0);
  const listed = isFilled ? extra : (additional ?? []);
  const others = Array.isArray(listed) ? [...listed] : [];
  const byName = { ...modelSpecific(config), ...(Array.isArray(listed) ? {} : listed) };
  const ofModel = Object.values(isLegacy ? { ...modelSpecific(map ?? {}), ...byName } : byName);
  if (isLegacy) {
    others.push(...(map?.extra_special_tokens ?? []));
    const special = new Set([...named.values(), ...others].map(token => token?.content));
    for (const [content, id] of Object.entries(added ?? {})) {
      const isSpecial = special.has(content);
      withIds.set(id, { content, special: isSpecial, normalized: !isSpecial });
    }
    for (const { id, ...token } of json ?? []) withIds.set(id, token);
    // The older name counts where no file has the newer one.
    const isListed = Array.isArray(listed) && (extra !== undefined || additional !== undefined);
    if (!isListed && map?.extra_special_tokens == null)
      others.push(...(map?.additional_special_tokens ?? []));
  } else
    for (const [id, token] of Object.entries(config.added_tokens_decoder ?? {}))
      withIds.set(Number(id), token);
  // The older name counts where no file has a list of the newer one.
  const isListed = Array.isArray(listed) && (extra !== undefined || additional !== undefined);
  if (!isListed && !(isLegacy && map?.extra_special_tokens))
    others.push(...((isLegacy ? map?.additional_special_tokens : undefined) ?? additional ?? []));
  const byContent = new Map([...withIds.values()].map(token => [token.content, token]));
  for (const [name, token] of named) {
    const same = token && byContent.get(token.content);
    if (same) named.set(name, { ...same, isText: false });
  }
  return { named, ofModel, others, withIds };
}

/** "image_token" and the like: keys that end so, with a text. */
function modelSpecific(file: object): Record<string, SpecialToken> {
  const standard: readonly string[] = SPECIAL_NAMES.map(name => `${name}_token`);
  return Object.fromEntries(
    Object.entries(file).flatMap(([key, value]) =>
      key.endsWith('_token') && !standard.includes(key) && typeof value === 'string'
        ? [[key, textToken(value)]]
        : [],
    ),
  );
}
