/** How the Rust tokenizers split a text where a pattern matches (`SplitDelimiterBehavior`). */

export const SPLIT_BEHAVIORS = [
  'Removed',
  'Isolated',
  'MergedWithPrevious',
  'MergedWithNext',
  'Contiguous',
] as const;

export type SplitBehavior = (typeof SPLIT_BEHAVIORS)[number];

/** A part of a text from `start` up to `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * @param pattern with the flag g
 * @param isInverted whether what is between the matches is what matches
 * @returns without those that are empty
 */
export function splitText(
  text: string,
  pattern: RegExp,
  behavior: SplitBehavior,
  isInverted = false,
): Span[] {
  const spans: Marked[] = [];
  let done = 0;
  for (const { index, 0: found } of text.matchAll(pattern)) {
    if (index > done) spans.push({ start: done, end: index, matches: isInverted });
    spans.push({ start: index, end: index + found.length, matches: !isInverted });
    done = index + found.length;
  }
  if (done < text.length) spans.push({ start: done, end: text.length, matches: isInverted });
  return joined(spans, behavior).filter(({ start, end }) => end > start);
}

/**
 * The same where each character by itself matches, or does not.
 * @param matches of a code point
 */
export function splitAtCharacters(
  text: string,
  matches: (codePoint: number) => boolean,
  behavior: SplitBehavior,
): Span[] {
  const spans: Marked[] = [];
  let done = 0;
  for (let place = 0; place < text.length; ) {
    const codePoint = text.codePointAt(place) ?? 0;
    const end = place + (codePoint > 0xffff ? 2 : 1);
    if (matches(codePoint)) {
      if (place > done) spans.push({ start: done, end: place, matches: false });
      spans.push({ start: place, end, matches: true });
      done = end;
    }
    place = end;
  }
  if (done < text.length) spans.push({ start: done, end: text.length, matches: false });
  return joined(spans, behavior);
}

type Marked = Span & { readonly matches: boolean };

function joined(spans: readonly Marked[], behavior: SplitBehavior): Span[] {
  switch (behavior) {
    case 'Removed':
      return spans.filter(({ matches }) => !matches);
    case 'Isolated':
      return [...spans];
    case 'Contiguous':
      return join(spans, (span, before) => span.matches === before.matches);
    case 'MergedWithPrevious':
      return join(spans, (span, before) => span.matches && !before.matches);
    case 'MergedWithNext':
      return join(spans.toReversed(), (span, before) => span.matches && !before.matches).reverse();
  }
}

/** Joins each to what it goes together with; `before` is the one before it alone, not what that has been joined to. */
function join(spans: readonly Marked[], goTogether: (span: Marked, before: Marked) => boolean): Span[] {
  const result: { start: number; end: number }[] = [];
  for (const [i, span] of spans.entries()) {
    const last = result.at(-1);
    if (i > 0 && last && goTogether(span, spans[i - 1])) {
      last.start = Math.min(last.start, span.start);
      last.end = Math.max(last.end, span.end);
    } else result.push({ start: span.start, end: span.end });
  }
  return result;
}
