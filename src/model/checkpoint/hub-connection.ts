import { UserError } from '../../errors.js';
import { shownAddress } from '../../network/address.js';
import { readPlainText } from '../../plain-file.js';
import { tokenFile } from './hub-folders.js';

/** The hub, or the mirror that stands for it. */
export interface Hub {
  readonly url: string;
  /** As it may be printed. */
  readonly shown: string;
  readonly token?: string;
  /** The variable or the file that the token is from. */
  readonly tokenOf?: string;
}

/** A token, in bytes. */
const SHORT = 4096;

/**
 * By HF_ENDPOINT, and by HF_TOKEN or what `hf auth login` stored; a mirror's tokens are of any form.
 * @throws UserError where a token is none that can be sent
 */
export async function connectToHub(): Promise<Hub> {
  const url = (process.env.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, '');
  const hub = { url, shown: shownAddress(url) };
  if (isTrue(process.env.HF_HUB_DISABLE_IMPLICIT_TOKEN)) return hub;
  const file = tokenFile();
  const sources = [
    ['HF_TOKEN', process.env.HF_TOKEN],
    ['HUGGING_FACE_HUB_TOKEN', process.env.HUGGING_FACE_HUB_TOKEN],
    [file, await readPlainText(file, SHORT).catch(() => '')],
  ] as const;
  for (const [tokenOf, text = ''] of sources) {
    const token = text.replace(/[\r\n]/g, '').trim();
    if (token === '') continue;
    if (!/^[\x21-\x7e]+$/.test(token))
      throw new UserError(`${tokenOf}: no access token: it has a letter that none has`);
    return { ...hub, token, tokenOf };
  }
  return hub;
}

export function isOffline(): boolean {
  return isTrue(process.env.HF_HUB_OFFLINE || process.env.TRANSFORMERS_OFFLINE);
}

function isTrue(value: string | undefined): boolean {
  return /^(1|on|yes|true)$/i.test(value ?? '');
}
