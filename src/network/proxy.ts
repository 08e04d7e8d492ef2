/** Which proxy the environment names for an address, by the rules of curl and Python's urllib. */
import { BlockList, isIP } from 'node:net';
import { basic, IN_PASSWORDS, shownAddress } from './address.js';
import { NetworkFault } from './fault.js';

export interface HttpProxy {
  /** Without user and password. */
  readonly url: string;
  readonly authorization?: string;
  /** As it may be printed: "the proxy http://proxy:3128 of HTTPS_PROXY". */
  readonly shown: string;
  readonly variable: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** A variable in small letters comes first, and where it is empty there is no proxy, whatever the other says. */
function read(environment: Environment, name: string): { value: string; variable: string } | undefined {
  const variable = environment[name] === undefined ? name.toUpperCase() : name;
  const value = environment[variable]?.trim();
  return value ? { value, variable } : undefined;
}

/**
 * @returns undefined where the request goes there by itself
 * @throws NetworkFault where the proxy that is named is of no kind that can be used
 */
export function proxyFor(url: URL, environment: Environment = process.env): HttpProxy | undefined {
  const scheme = url.protocol.slice(0, -1);
  const named = read(environment, `${scheme}_proxy`) ?? read(environment, 'all_proxy');
  if (!named || isDirect(url, read(environment, 'no_proxy')?.value ?? '')) return undefined;
  const { value, variable } = named;
  // "proxy:3128", as many write it.
  const text = /^[a-z][a-z\d+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  const proxy = URL.canParse(text) ? new URL(text) : undefined;
  if (!proxy || !/^https?:$/.test(proxy.protocol)) {
    throw new NetworkFault(`${variable} is ${shownAddress(value)}, which is no proxy that kn can use`, {
      remedy: `Set ${variable} to an http:// or https:// proxy, or take it away. ${IN_PASSWORDS}`,
    });
  }
  const { username, password, origin } = proxy;
  return {
    url: origin,
    variable,
    shown: `the proxy ${origin} of ${variable}`,
    ...((username || password) && { authorization: basic(username, password) }),
  };
}

/**
 * Whether NO_PROXY names a host: "*", a name (and all below it), ".below.it", an address, a range of addresses (10.0.0.0/8), each
 * with a port or without.
 */
function isDirect(url: URL, noProxy: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return noProxy
    .split(/[,\s]+/)
    .filter(entry => entry !== '')
    .some(entry => {
      if (entry === '*') return true;
      if (entry.includes('/')) return isInRange(host, entry);
      const [, name, wanted] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(isIP(entry) ? `[${entry}]` : entry) ?? [];
      if (name === undefined || (wanted !== undefined && wanted !== port)) return false;
      const bare = name.replace(/^\*?\./, '').toLowerCase();
      return host === bare || host.endsWith(`.${bare}`);
    });
}

function isInRange(host: string, range: string): boolean {
  const [network, bits] = range.split('/');
  const family = isIP(network);
  if (
    family === 0 ||
    isIP(host) !== family ||
    !/^\d+$/.test(bits) ||
    Number(bits) > (family === 4 ? 32 : 128)
  )
    return false;
  const list = new BlockList();
  list.addSubnet(network, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
