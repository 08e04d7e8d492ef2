import { NetworkFault } from './fault.js';

/** What is sent to a place, and what of it is for that place's eyes alone. */
export interface Sent {
  readonly url: URL;
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

const SECRET = /^(?:authorization|cookie|proxy-authorization)$/i;

export const isRedirect = (status: number) => [301, 302, 303, 307, 308].includes(status);

/** The same origin, or what it is behind TLS. */
function isSamePlace(from: URL, to: URL): boolean {
  const upgraded = from.protocol === 'http:' && to.protocol === 'https:' && !from.port && !to.port;
  return from.origin === to.origin || (upgraded && from.hostname === to.hostname);
}

/**
 * What to send where an answer points. Another origin, be it the same host at another port, learns no token: hubs send to the
 * servers of others for their files, and anybody who can write an answer could send elsewhere.
 * @throws NetworkFault where it points to no address of the web, or a token would go on in the clear
 */
export function redirected(sent: Sent, status: number, location: string | undefined): Sent {
  const url =
    location !== undefined && URL.canParse(location, sent.url.href) ? new URL(location, sent.url) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    throw new NetworkFault(`status ${status}, which points to no other address`);
  const secret = Object.keys(sent.headers).some(name => SECRET.test(name));
  if (secret && sent.url.protocol === 'https:' && url.protocol === 'http:') {
    throw new NetworkFault(
      `it sends from https:// to http://${url.host}, where a token could be read on the way`,
      {
        remedy: 'Give its address with https://, or ask without a token.',
      },
    );
  }
  // A signed address may hold a user and password of its own, which a redirect has no business to hand out.
  url.username = '';
  url.password = '';
  const headers = Object.fromEntries(
    Object.entries(sent.headers).filter(([name]) => isSamePlace(sent.url, url) || !SECRET.test(name)),
  );
  // As browsers and curl do it: a question that was posted is looked up at the new place, but for 307 and 308.
  if (sent.method === 'POST' && status < 307) return { url, method: 'GET', headers };
  return { ...sent, url, headers };
}
