/**
 * Draws that depend on a key alone, never on the order of the work, so that every worker and every resumed run draws the
 * same.
 */
import { createHash } from 'node:crypto';

/** A number in 0 .. bound-1 from the first 48 bits of a SHA-256: even to bound / 2^48. */
export function draw(key: string, bound: number): number {
  return createHash('sha256').update(key).digest().readUIntBE(0, 6) % bound;
}

/** Different numbers in 0 .. bound-1, in the order that they were drawn in: all of them where `count` is larger. */
export function drawDistinct(key: string, bound: number, count: number): number[] {
  // The first steps of a shuffle (Fisher-Yates), remembering only the places that it has changed.
  const moved = new Map<number, number>();
  return Array.from({ length: Math.min(count, bound) }, (_, step) => {
    const place = step + draw(`${key}:${step}`, bound - step);
    const drawn = moved.get(place) ?? place;
    moved.set(place, moved.get(step) ?? step);
    return drawn;
  });
}
