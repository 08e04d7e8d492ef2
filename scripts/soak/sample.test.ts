import { describe, expect, it } from 'vitest';
import { residentIn } from './sample.js';

const SMAPS = `55d0c0000000-55d0c0001000 r--p 00000000 08:01 123      /usr/bin/node
Size:                  4 kB
Rss:                   4 kB
55d0c1000000-55d0c2000000 rw-p 00000000 00:00 0          [heap]
Rss:                1000 kB
7f0000000000-7f0000100000 rw-p 00000000 00:00 0 
Rss:                 200 kB
7f0000200000-7f0000300000 rw-p 00000000 00:00 0          [stack]
Rss:                  16 kB
`;

describe('the memory of a process', () => {
  it('is told apart by what it is for', () => {
    expect(residentIn(SMAPS)).toEqual({ heap: 1000 * 1024, anonymous: 216 * 1024, files: 4 * 1024 });
  });
});
