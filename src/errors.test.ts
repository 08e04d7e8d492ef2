import { expect, it } from 'vitest';
import { UsageError, UserError } from './errors.js';

it('a message quotes files, and moves no cursor by what they hold', () => {
  const { message, remedy } = new UserError('token "\u001b[2J\r\u202e\0"', 'First.\nThen \u0007.');
  expect(message).toBe(String.raw`token "\u001b[2J\u000d\u202e\u0000"`);
  expect(remedy).toBe(`First.\nThen ${String.raw`\u0007`}.`);
  expect(new UsageError('Köln, 日本, Ελλάδα 😀').message).toBe('Köln, 日本, Ελλάδα 😀');
});

it('a message is cut in the middle where what it quotes has no end', () => {
  const { message } = new UserError(`file.json: ${'x'.repeat(1e6)} is no number`);
  expect(message).toMatch(/^file\.json: x+ \.\.\. x+ is no number$/);
  expect(message.length).toBeLessThan(1100);
});
