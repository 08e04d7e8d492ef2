import { createHash } from 'node:crypto';

/** A number in 0 .. bound-1 from the first 48 bits of a SHA-256: even to bound / 2^48. */
export function draw(key: string, bound: number): number {
  return createHash('sha256').update(key).digest().readUIntBE(0, 6) % bound;
}
