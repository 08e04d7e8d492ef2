/** Where the texts and bars of a figure are: what a browser would make of the SVG that Vega writes. */
import { textWidth } from '../figures/text-width.js';

export interface Box {
  readonly what: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface Drawn {
  readonly width: number;
  readonly height: number;
  readonly texts: readonly Box[];
  readonly bars: readonly Box[];
}

/** A place, and which way a text that begins there runs. */
interface Place {
  readonly x: number;
  readonly y: number;
  /** Turned by a quarter: upwards. */
  readonly upwards: boolean;
}

export function drawnBoxes(svg: string): Drawn {
  const [width, height] = (/viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg)?.slice(1) ?? []).map(Number);
  const texts: Box[] = [];
  const bars: Box[] = [];
  const groups: Place[] = [{ x: 0, y: 0, upwards: false }];
  for (const [, closing, tag, attributes, text] of svg.matchAll(/<(\/?)(\w+)([^>]*)>([^<]*)/g)) {
    const value = (name: string) => new RegExp(` ${name}="([^"]*)"`).exec(attributes)?.[1] ?? '';
    const place = moved(groups[0], value('transform'));
    if (tag === 'g' && closing) groups.shift();
    else if (tag === 'g') groups.unshift(place);
    else if (tag === 'text' && !closing)
      texts.push(
        boxOfText(unescaped(text), place, value('text-anchor'), value('font-size'), value('font-weight')),
      );
    else if (value('aria-roledescription') === 'bar') {
      const [left, top, wide, high] = (/^M([\d.-]+),([\d.-]+)h([\d.-]+)v([\d.-]+)h/.exec(value('d')) ?? [])
        .slice(1)
        .map(Number);
      const at = { left: place.x + left, top: place.y + top };
      bars.push({ what: value('aria-label'), ...at, right: at.left + wide, bottom: at.top + high });
    }
  }
  return { width, height, texts, bars };
}

function moved(from: Place, transform: string): Place {
  let { x, y, upwards } = from;
  for (const [, name, numbers] of transform.matchAll(/(\w+)\(([^)]*)\)/g)) {
    const [a, b = 0] = numbers.split(',').map(Number);
    if (name === 'rotate') {
      if (a !== -90 && a !== 270) throw new Error(`a text that is turned by ${a}`);
      upwards = true;
    } else {
      x += upwards ? b : a;
      y += upwards ? -a : b;
    }
  }
  return { x, y, upwards };
}

/** A letter reaches so far over and under its line, as a share of its size. */
const [ASCENT, DESCENT] = [0.76, 0.24];

function boxOfText(
  what: string,
  { x, y, upwards }: Place,
  anchor: string,
  size: string,
  weight: string,
): Box {
  const pixels = Number.parseFloat(size);
  const length = textWidth(what, pixels, weight === 'bold');
  const before = anchor === 'end' ? length : anchor === 'middle' ? length / 2 : 0;
  const [over, under] = [ASCENT * pixels, DESCENT * pixels];
  if (upwards)
    return { what, left: x - over, right: x + under, top: y + before - length, bottom: y + before };
  return { what, left: x - before, right: x - before + length, top: y - over, bottom: y + under };
}

function unescaped(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

export function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
