import { NetworkFault } from './fault.js';

/** Where a request goes. Who is asking is told to that place in a header, and stands in no address that is shown. */
export interface Address {
  readonly url: URL;
  /** Of a user and password in the address. */
  readonly authorization?: string;
}

/** What people stumble over. */
export const IN_PASSWORDS = 'In a user or password write %2F for /, %40 for @, %3A for : and %23 for #.';

/** @throws NetworkFault where it is no address of the web */
export function addressOf(text: string): Address {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    const isOfWeb = /^https?:\/\//i.test(text);
    throw new NetworkFault(
      `${JSON.stringify(shownAddress(text))} is no address: ${isOfWeb ? 'its host or port is none' : 'it begins with neither http:// nor https://'}`,
      isOfWeb ? { remedy: `Look at it. ${IN_PASSWORDS}` } : {},
    );
  }
  const { username, password } = url;
  url.username = '';
  url.password = '';
  return username || password ? { url, authorization: basic(username, password) } : { url };
}

/** A user and password of a URL, as a server or a proxy takes them. */
export function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * An address as it may be printed, also where it is none: without the password that it may hold, whatever letters that has, and
 * without what is asked for in it (`?token=...`). Only a scope of npm's (`/@scope/name`) is taken for no password.
 */
export function shownAddress(text: string): string {
  const [, scheme = '', rest = ''] = /^([a-z][a-z\d+.-]*:\/\/)?(.*)$/is.exec(text) ?? [];
  const scopeAt = rest.search(/\/@[\w.-]+\/[^@]*$/);
  const hasScope = scopeAt >= 0 && URL.canParse(`${scheme}${rest.slice(0, scopeAt)}`);
  const [before, scope] = hasScope ? [rest.slice(0, scopeAt), rest.slice(scopeAt)] : [rest, ''];
  const at = before.lastIndexOf('@');
  const user = /^[^/@:]*(?=:)/.exec(before.slice(0, Math.max(at, 0)))?.[0];
  const secret = at < 0 ? '' : user === undefined ? '***@' : `${user}:***@`;
  return `${scheme}${secret}${(before.slice(at + 1) + scope).replace(/([?#]).*/s, '$1***')}`;
}
