import { expect, it } from 'vitest';
import { NotJson, parseJson } from './parse-json.js';

it.each([
  ['{"a":1,"b":2,"a":3}', '"a"'],
  ['[{"a":[{"x":1}, {"x" : 2}]}, {"a":{"y":1,\n"y":2}}]', '"y"'],
  ['{"a":1,"\\u0061":2}', '"a"'],
  ['{"quoted \\" : ":1,"quoted \\" : ":2}', String.raw`"quoted \" : "`],
  ['{"":1,"":2}', '""'],
])('in %s the key %s stands twice', (text, key) => {
  JSON.parse(text);
  expect(() => parseJson(text)).toThrow(
    new NotJson(`${key} stands twice in one object, and only one can be meant`),
  );
});

it.each([
  '{"a":{"a":{"a":"a"}},"b":["a","a"]}',
  '{"a":"{\\"a\\":1}","{\\"a\\":2}":3}',
  '"a"',
  '-0.5e-3',
  '[1e308, 1e-999, "1e999"]',
])('%s is what JSON.parse says', text => {
  expect(parseJson(text)).toEqual(JSON.parse(text));
});

it.each(['1e999', '[0, -1.5E+400]', `{"a": ${'9'.repeat(400)}}`])(
  'in %s a number is larger than any',
  text => {
    expect(() => parseJson(text)).toThrow(/the number [\d.eE+]+ is larger than any/);
  },
);

it('what is cut off is not JSON, and what is nested without an end is refused before anything goes through it', () => {
  expect(() => parseJson('{"a": [1, 2')).toThrow(/^not JSON \(/);
  const nested = (depth: number) => `${'[{"a":'.repeat(depth / 2)}0${'}]'.repeat(depth / 2)}`;
  expect(parseJson(nested(200))).toBeTypeOf('object');
  expect(() => parseJson(nested(202))).toThrow('nested in more than 200 levels');
  expect(() => parseJson(nested(200_000))).toThrow('nested in more than 200 levels');
});
