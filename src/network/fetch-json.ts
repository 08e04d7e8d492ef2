import { NotJson, parseJson } from '../parse-json.js';
import { LARGEST_DESCRIPTION } from '../plain-file.js';
import { NetworkFault } from './fault.js';
import { fetchBytes } from './fetch-bytes.js';
import type { Asker } from './patience.js';
import type { Question } from './request.js';

/**
 * An answer in JSON, of whatever form.
 * @throws NetworkFault where it cannot be had, or is none: a network that wants a login answers every question with its own page
 */
export async function fetchJson(address: string, question: Question, asker: Asker): Promise<unknown> {
  const text = String(await fetchBytes(address, question, asker, LARGEST_DESCRIPTION));
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof NotJson)) throw error;
    const what = /^\s*<(?:!doctype|html)/i.test(text) ? 'a web page, not JSON' : error.message;
    throw new NetworkFault(`the answer is ${what}`, {}, { cause: error });
  }
}
