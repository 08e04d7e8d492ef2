/**
 * Text on its way to a terminal. What files, servers and arguments hold may move the cursor, forge a line or run a
 * terminal's commands: all that is no letter is written as in a program there. Files and JSON keep the true values.
 */
import { randomInt } from 'node:crypto';

/** Control characters, separators of lines, and what turns the direction of writing. */
const COMMANDS = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

/** Colours of our own have a number in them that no file can know. */
const KEY = Array.from({ length: 4 }, () => randomInt(1000, 10_000)).join(';');

const OWN_CODE = `\u001b\\[${KEY};(\\d+)m`;

const COMMAND_OR_OWN_CODE = new RegExp(`${OWN_CODE}|${COMMANDS.source}`, 'gu');

/** A code (SGR) of our own, which {@link printable} lets stand and {@link terminalText} makes a terminal's. */
export function ownCode(code: number): string {
  return `\u001b[${KEY};${code}m`;
}

/** One line of text, which is one line: U+001B is written \u001b, and a line end \n. */
export function printable(line: string): string {
  return line.replace(COMMAND_OR_OWN_CODE, found => (found.length > 1 ? found : escaped(found)));
}

/** Lines as a terminal shows them, with their ends. */
export function terminalText(lines: readonly string[]): string {
  return lines
    .map(line => `${printable(line)}\n`)
    .join('')
    .replace(new RegExp(OWN_CODE, 'g'), '\u001b[$1m');
}

/** As JSON has it, which escapes some of these itself: in the line of an object the value is the same. */
function escaped(character: string): string {
  const inJson = JSON.stringify(character).slice(1, -1);
  if (inJson !== character) return inJson;
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
