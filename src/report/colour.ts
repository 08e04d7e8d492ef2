import { ownCode } from '../printable.js';

/** Codes that begin and end a style (SGR). */
const STYLES = { bold: [1, 22], red: [31, 39], green: [32, 39] } as const;

/** Text in a colour, where `stream` is a terminal and NO_COLOR (https://no-color.org) is not set. */
export function coloured(style: keyof typeof STYLES, text: string, stream: NodeJS.WriteStream): string {
  if (!stream.isTTY || process.env.NO_COLOR) return text;
  const [begin, end] = STYLES[style];
  return `${ownCode(begin)}${text}${ownCode(end)}`;
}
