/** Reading files that a user named. */
import { access, readFile } from 'node:fs/promises';
import { refusedFile, UserError } from './errors.js';

/** @throws UserError, naming the file, where it cannot be read or is not JSON */
export async function readJsonFile(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw refusedFile(path, 'read', error);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`${path}: not JSON (${error instanceof Error ? error.message : error})`);
  }
}

export function fileExists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
