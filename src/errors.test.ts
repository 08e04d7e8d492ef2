import { expect, it } from 'vitest';
import { UserError } from './errors.js';

it('a message is cut in the middle where what it quotes has no end', () => {
  const { message } = new UserError(`file.json: ${'x'.repeat(1e6)} is no number`);
  expect(message).toMatch(/^file\.json: x+ \.\.\. x+ is no number$/);
  expect(message.length).toBeLessThan(1100);
});
