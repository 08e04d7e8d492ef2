import { checkWritable, writeNamedFile } from '../../files.js';
import type { FactNeurons } from '../../library/options.js';

const REMEDY = 'Name another file with --scores.';

/** @throws UserError where no file can be made at `path`: better said before the work than after it */
export function checkScoresFile(path: string): Promise<void> {
  return checkWritable(path, REMEDY);
}

/** Every prompt's scores as JSON, a row a layer, with each layer's convergence delta where there is one. */
export async function writeScores(path: string, answer: string, found: FactNeurons): Promise<void> {
  const prompts = found.prompts.map(({ prompt, scores, convergenceDelta }) => ({
    prompt,
    answer,
    scores: scores.map(row => [...row]),
    ...(convergenceDelta && { convergenceDelta }),
  }));
  await writeNamedFile(path, `${JSON.stringify({ prompts })}\n`, REMEDY);
}
