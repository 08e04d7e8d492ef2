import { expect, it } from 'vitest';
import { checkAddressSpace } from './address-space.js';

const limits = (soft: string) => `Limit                     Soft Limit           Hard Limit           Units
Max cpu time              unlimited            unlimited            seconds
Max address space         ${soft.padEnd(20)} unlimited            bytes
Max file locks            unlimited            unlimited            locks
`;

it('a process that may not have the addresses of libtensorflow is told so before libtensorflow ends it', () => {
  expect(() => checkAddressSpace(limits('2048000000'))).toThrow(
    'it takes 2.5 GB of addresses, and this process may have 2.0 GB (ulimit -v)',
  );
});

it('none is refused where there is no limit, enough, or nobody says', () => {
  for (const text of [limits('unlimited'), limits('2560000000'), ''])
    expect(() => checkAddressSpace(text)).not.toThrow();
});
