/**
 * Tokens that are found in a text before it is split: those that were added to a vocabulary, special ones among them. How they get
 * their ids, and where they are found, is the Rust tokenizers' `AddedVocabulary`.
 */
import { z } from 'zod';
import { characterSet, WHITE_SPACE } from './parts/character-set.js';

export const addedTokenSchema = z.object({
  content: z.string(),
  single_word: z.boolean().optional(),
  lstrip: z.boolean().optional(),
  rstrip: z.boolean().optional(),
  normalized: z.boolean().optional(),
  special: z.boolean().optional(),
});

/** As files have it; what is left out depends on the rest. */
export type GivenToken = z.infer<typeof addedTokenSchema>;

export interface AddedToken extends Required<GivenToken> {
  readonly id: number;
}

/** Special tokens are found in the text as it stands, others in what the normaliser makes of it. */
function complete(token: GivenToken): Required<GivenToken> {
  const special = token.special ?? false;
  return {
    content: token.content,
    single_word: token.single_word ?? false,
    lstrip: token.lstrip ?? false,
    rstrip: token.rstrip ?? false,
    normalized: token.normalized ?? !special,
    special,
  };
}

/** Whether two do the same, whatever of it is written down. */
export function isSameToken(one: GivenToken, other: GivenToken): boolean {
  return JSON.stringify(complete(one)) === JSON.stringify(complete(other));
}

/** A vocabulary that tokens are added to. */
export interface Base {
  idOf(token: string): number | undefined;
  readonly size: number;
}

/**
 * Adds tokens to those that are there. One that the vocabulary or an earlier call has keeps its id; others get the next, whatever id
 * a file gives them.
 */
export function addTokens(
  added: readonly AddedToken[],
  tokens: readonly GivenToken[],
  base: Base,
): AddedToken[] {
  const byContent = new Map(added.map(token => [token.content, token.id]));
  const byId = new Map(added.map(token => [token.id, token]));
  const largest = added.reduce((most, { id }) => Math.max(most, id), -1);
  let next = Math.max(base.size, largest + 1);
  for (const given of tokens) {
    if (given.content === '') continue;
    const known = byContent.get(given.content) ?? base.idOf(given.content);
    const id = known ?? next++;
    byContent.set(given.content, id);
    byId.set(id, { id, ...complete(given) });
  }
  return [...byId.values()].sort((a, b) => a.id - b.id);
}

/** A part of a text: a token, or what stands between two. */
export type Section = { readonly id: number } | { readonly text: string; readonly start: number };

/** Finds the longest of some tokens at each place of a text, from the left. */
export class TokenFinder {
  private readonly lengths: readonly number[];
  private readonly byContent: ReadonlyMap<string, AddedToken>;
  private readonly firsts: ReadonlySet<string>;

  /**
   * @param tokens with what each is in the text
   * @throws Error where one is nothing in it, or two are the same
   */
  constructor(tokens: readonly (readonly [string, AddedToken])[]) {
    const empty = tokens.find(([content]) => content === '');
    if (empty)
      throw new Error(`its normaliser leaves nothing of the token ${JSON.stringify(empty[1].content)}`);
    this.byContent = new Map(tokens);
    if (this.byContent.size < tokens.length)
      throw new Error('its normaliser makes one token of two, and Rust takes either');
    this.firsts = new Set(tokens.map(([content]) => content[0]));
    this.lengths = [...new Set(tokens.map(([content]) => content.length))].sort((a, b) => b - a);
  }

  split(text: string): Section[] {
    const sections: Section[] = [];
    let done = 0;
    const untilDone = (end: number) => {
      if (end > done) sections.push({ text: text.slice(done, end), start: done });
    };
    for (let place = 0; place < text.length; ) {
      const token = this.at(text, place);
      if (!token) {
        place++;
        continue;
      }
      const [, { id, lstrip, rstrip, single_word }] = token;
      let [start, end] = [place, place + token[0].length];
      place = end;
      if (single_word && (endsInWord(text.slice(0, start)) || beginsWithWord(text.slice(end)))) continue;
      if (lstrip) start = Math.max(done, text.slice(0, start).replace(SPACES_AT_END, '').length);
      if (rstrip) end += text.length - end - text.slice(end).replace(SPACES_AT_START, '').length;
      // Spaces that an earlier one took are gone, and with them a token of spaces.
      if (start > end)
        throw new Error(`two of its added tokens are in each other's way in ${JSON.stringify(text)}`);
      untilDone(start);
      if (start < end) sections.push({ id });
      done = end;
    }
    untilDone(text.length);
    return sections;
  }

  private at(text: string, place: number): [string, AddedToken] | undefined {
    if (!this.firsts.has(text[place])) return undefined;
    for (const length of this.lengths) {
      const content = text.slice(place, place + length);
      const token = this.byContent.get(content);
      if (token) return [content, token];
    }
    return undefined;
  }
}

const SPACES_AT_START = new RegExp(`^[${WHITE_SPACE}]+`, 'u');
const SPACES_AT_END = new RegExp(`[${WHITE_SPACE}]+$`, 'u');

/** Looked at as code points: a half of a pair is no letter. */
function endsInWord(text: string): boolean {
  const last = Array.from(text.slice(-2)).at(-1);
  return last !== undefined && characterSet('word').has(last.codePointAt(0) ?? 0);
}

function beginsWithWord(text: string): boolean {
  return text !== '' && characterSet('word').has(text.codePointAt(0) ?? 0);
}
