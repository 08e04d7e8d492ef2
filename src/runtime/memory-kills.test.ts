import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { killsForMemory } from './memory-kills.js';

describe('the kills for memory that the system counts', () => {
  it.skipIf(!existsSync('/proc/vmstat'))('are a whole number on Linux (skipped elsewhere)', () => {
    expect(killsForMemory()).toSatisfy(Number.isSafeInteger);
  });
});
