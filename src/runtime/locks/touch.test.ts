import { rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ELSEWHERE, elsewhere, lockPath, take } from '../../testing/lock-holders.js';

describe('a lock that is lost', () => {
  const toAnother = (path: string) => writeFileSync(path, elsewhere);
  const toNobody = (path: string) => rmSync(path);

  it.each([
    ['to another', toAnother, ELSEWHERE],
    ['to nobody, who took it away', toNobody, undefined],
  ])('%s, is found out without being asked for', async (_, lose, holder) => {
    const path = lockPath();
    // Never so silent that anybody would ask.
    const lock = await take(path, { times: { touch: 20, silence: 1e6 } });
    lose(path);
    while (!lock.lost()) await setTimeout(10);
    expect(lock.lost()?.holder).toEqual(holder);
    await lock.release();
  });

  it.each([
    ['to another', toAnother],
    ['to nobody, who took it away', toNobody],
  ])('%s, is asked for where it was not touched in time', async (_, lose) => {
    const path = lockPath();
    // Never touched within the test.
    const lock = await take(path, { times: { touch: 1e6, silence: 400 } });
    lose(path);
    expect(lock.lost()).toBeUndefined();
    await setTimeout(250);
    expect(lock.lost()).toBeDefined();
    await lock.release();
  });

  it('is not one that was not touched in time, and that nobody took: asking touches it', async () => {
    const path = lockPath();
    const lock = await take(path, { times: { touch: 1e6, silence: 400 } });
    utimesSync(path, 0, 0);
    await setTimeout(250);
    expect(lock.lost()).toBeUndefined();
    expect(statSync(path).mtimeMs).toBeGreaterThan(0);
    await lock.release();
  });
});
