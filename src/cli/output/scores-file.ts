import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { refusedFile } from '../../errors.js';
import type { FactNeurons } from '../../library/options.js';
import { otherThanFile, writeWholeFile } from '../../whole-file.js';

/** @throws UserError where no file can be made at `path`: better said before the work than after it */
export async function checkWritable(path: string): Promise<void> {
  try {
    await access(dirname(path), constants.W_OK);
    const other = await otherThanFile(path);
    if (other) throw new Error(`it is ${other}`);
  } catch (error) {
    throw refusedFile(path, 'written', error, 'Name another file with --scores.');
  }
}

/** Every prompt's scores as JSON, a row a layer, with each layer's convergence delta where there is one. */
export async function writeScores(path: string, answer: string, found: FactNeurons): Promise<void> {
  const prompts = found.prompts.map(({ prompt, scores, convergenceDelta }) => ({
    prompt,
    answer,
    scores: scores.map(row => [...row]),
    ...(convergenceDelta && { convergenceDelta }),
  }));
  try {
    await writeWholeFile(path, `${JSON.stringify({ prompts })}\n`);
  } catch (error) {
    throw refusedFile(path, 'written', error, 'Name another file with --scores.');
  }
}
