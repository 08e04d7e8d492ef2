import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Text in a colour, where `stream` is a terminal and NO_COLOR (https://no-color.org) is not set. */
export function coloured(style: Style, text: string, stream: NodeJS.WriteStream): string {
  return stream.isTTY && !process.env.NO_COLOR ? styleText(style, text) : text;
}
