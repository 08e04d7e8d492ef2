/** What tables say of an answer of several tokens. */

/** Of a row or a column: of several tokens the one that stands worst has the answer's rank. */
export function rankName(tokens: readonly string[]): string {
  return tokens.length > 1 ? 'worst rank' : 'rank';
}

/** Under tables: what the probability and the rank of an answer of several tokens are; nothing of a single one. */
export function tokensNote(answer: string, tokens: readonly string[]): string[] {
  if (tokens.length < 2) return [];
  const list = tokens.map(token => `"${token}"`).join(' ');
  const what = `"${answer}" is ${tokens.length} tokens, ${list}`;
  return [`${what}: its probability is the product of theirs, its rank the worst of theirs.`];
}
