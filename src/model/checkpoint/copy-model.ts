import { createWriteStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openPlainFile } from '../../plain-file.js';
import { TOKENIZER_FILES } from '../tokenizer/load-tokenizer.js';
import { WEIGHTS_FILE, WEIGHTS_INDEX_FILE, weightFiles } from './checkpoint.js';

/** What else transformers keeps beside a model's weights. */
const COMPANIONS: ReadonlySet<string> = new Set([
  'config.json',
  'generation_config.json',
  ...TOKENIZER_FILES,
]);

/** Whoever passes a model on passes these on. */
const PAPERS = /^(readme|licen[cs]e|notice)(\.\w+)?$/i;

/**
 * Copies what makes up a model in the Hugging Face layout: configuration, tokenizer, licence, README and the safetensors
 * files that transformers would read. Nothing else of the folder: weights in other formats would stay unedited, and be
 * read by someone as if they were not.
 * @param to an empty folder
 * @throws UserError where a file of `from` cannot be read; errors of writing are the system's own
 */
export async function copyModel(from: string, to: string, signal?: AbortSignal): Promise<void> {
  const weights = await weightFiles(from);
  const index = weights.includes(WEIGHTS_FILE) ? [] : [WEIGHTS_INDEX_FILE];
  const others = (await readdir(from)).filter(name => COMPANIONS.has(name) || PAPERS.test(name)).sort();
  for (const name of [...others, ...index, ...weights]) await copyFile(join(from, name), to, signal);
}

/** By streams, since a copy of Node's own cannot be stopped, and would inherit a cache's write protection. */
async function copyFile(from: string, folder: string, signal: AbortSignal | undefined): Promise<void> {
  const source = await openPlainFile(from);
  const copy = createWriteStream(join(folder, basename(from)), { flags: 'wx', flush: true });
  await pipeline(source.createReadStream(), copy, { ...(signal && { signal }) });
}
