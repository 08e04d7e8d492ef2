import { NetworkFault } from './fault.js';

/** Where a request goes. Who is asking is told to that place in a header, and stands in no address that is shown. */
export interface Address {
  readonly url: URL;
  /** Of a user and password in the address. */
  readonly authorization?: string;
}

/** @throws NetworkFault where it is no address of the web */
export function addressOf(text: string): Address {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new NetworkFault(
      `${JSON.stringify(shownAddress(text))} is no address: it begins with neither http:// nor https://`,
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

/** An address as it may be printed: without the password that it may hold. */
export function shownAddress(text: string): string {
  return text.replace(/^([a-z][a-z\d+.-]*:\/\/)?([^/@]*)@/i, (_, scheme = '', user: string) =>
    user.includes(':') ? `${scheme}${user.split(':')[0]}:***@` : `${scheme}***@`,
  );
}
