import { expect, it } from 'vitest';
import { repeatedKey } from './repeated-key.js';

it.each([
  ['{"a":1,"b":2,"a":3}', 'a'],
  ['[{"a":[{"x":1}, {"x" : 2}]}, {"a":{"y":1,\n"y":2}}]', 'y'],
  ['{"a":1,"\\u0061":2}', 'a'],
  ['{"quoted \\" : ":1,"quoted \\" : ":2}', 'quoted " : '],
  ['{"":1,"":2}', ''],
  ['{"a":{"a":{"a":"a"}},"b":["a","a"]}', undefined],
  ['{"a":"{\\"a\\":1}","{\\"a\\":2}":3}', undefined],
  ['"a"', undefined],
])('of %s the key %j stands twice', (text, key) => {
  JSON.parse(text);
  expect(repeatedKey(text)).toBe(key);
});
