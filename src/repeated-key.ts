/** A string, or one of the marks that say where an object begins, ends, and has a key. */
const PARTS = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

/**
 * The first key that stands twice in one object of a text of JSON: JSON.parse keeps the last of them without a word.
 * @param text valid JSON
 */
export function repeatedKey(text: string): string | undefined {
  const keysOf: Set<string>[] = [];
  let string = '';
  for (const [part] of text.matchAll(PARTS)) {
    if (part === '{' || part === '[') keysOf.push(new Set());
    else if (part === '}' || part === ']') keysOf.pop();
    else if (part !== ':') string = part;
    else {
      // Written in two ways, it is one key all the same.
      const key: string = string.includes('\\') ? JSON.parse(string) : string.slice(1, -1);
      const keys = keysOf.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
  }
  return undefined;
}
