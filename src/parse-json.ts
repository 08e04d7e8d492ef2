/** JSON from outside: what JSON.parse takes without a word, and what no file of ours needs, is refused too. */

/** A string, one of the marks that say where an object or a list begins, ends, and has a key, or a number that may be too large. */
const PARTS = /"(?:[^"\\]|\\.)*"|[{}[\]:]|\d+(?:\.\d+)?[eE]\+?\d{3,}|\d{300,}/g;

/** Far more than any file of ours has; what goes through a value level by level would run out of stack somewhere beyond. */
const MOST_LEVELS = 200;

/** What a text is, where it is not JSON as it should be. */
export class NotJson extends Error {
  override readonly name = 'NotJson';
}

/**
 * @throws NotJson, with what is wrong for a message, where the text is not JSON, has a key twice in an object, of which JSON.parse
 *   would keep the last, has a number of which it would make infinity, or is nested too deep
 */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new NotJson(`not JSON (${error instanceof Error ? error.message : error})`);
  }
  checkParts(text);
  return value;
}

function checkParts(text: string): void {
  const keysOf: (Set<string> | undefined)[] = [];
  let string = '';
  for (const [part] of text.matchAll(PARTS)) {
    if (part === '{' || part === '[') {
      if (keysOf.length === MOST_LEVELS) throw new NotJson(`nested in more than ${MOST_LEVELS} levels`);
      keysOf.push(part === '{' ? new Set() : undefined);
    } else if (part === '}' || part === ']') keysOf.pop();
    else if (/^\d/.test(part)) {
      if (!Number.isFinite(Number(part))) throw new NotJson(`the number ${part} is larger than any`);
    } else if (part !== ':') string = part;
    else {
      // Written in two ways, it is one key all the same.
      const key: string = string.includes('\\') ? JSON.parse(string) : string.slice(1, -1);
      const keys = keysOf.at(-1);
      if (keys?.has(key))
        throw new NotJson(`${JSON.stringify(key)} stands twice in one object, and only one can be meant`);
      keys?.add(key);
    }
  }
}
