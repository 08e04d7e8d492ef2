import { reasonOf, systemErrorCode } from '../errors.js';
import { certificateTrouble } from './certificate.js';
import { type FaultFacts, NetworkFault } from './fault.js';
import type { HttpProxy } from './proxy.js';

/** Nothing came for too long. */
export class Silence extends Error {
  override readonly name = 'Silence';
}

/** No tunnel through a proxy came about. The cause says why. */
export class TunnelError extends Error {
  override readonly name = 'TunnelError';
}

/** Errors that may be over in a moment: of a line that broke, and of a name server that is busy. */
const PASSING = new Set([
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
]);

const IN_OTHER_WORDS: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'no connection within 10 s',
  UND_ERR_SOCKET: 'the connection was cut',
};

/** What a request threw, as a fault that says why: at the server, or at the proxy before it. */
export function faultOf(thrown: unknown, url: URL, proxy: HttpProxy | undefined): NetworkFault {
  if (thrown instanceof NetworkFault) return thrown;
  const error = innermost(thrown);
  const code = systemErrorCode(error) ?? '';
  const options = { cause: thrown };
  const through = (reason: string) => (proxy ? `through ${proxy.shown}: ${reason}` : reason);

  const trouble = certificateTrouble(code, url.host);
  if (trouble) return new NetworkFault(through(trouble.what), { remedy: trouble.remedy }, options);

  const refusal = proxy && refusalOfProxy(error, proxy);
  if (refusal) return new NetworkFault(through(refusal.reason), refusal, options);

  const reason = IN_OTHER_WORDS[code] ?? reasonOf(error);
  return new NetworkFault(
    through(reason),
    {
      passes: error instanceof Silence || PASSING.has(code),
      nobodyThere: code === 'ECONNREFUSED',
      ...(proxy && { remedy: `Look at ${proxy.variable}, and at NO_PROXY for hosts that need none.` }),
    },
    options,
  );
}

/** Errors of a TLS connection, of a body that broke off and of a proxy's tunnel are wrapped. */
function innermost(error: unknown): unknown {
  const wraps =
    error instanceof Error &&
    error.cause instanceof Error &&
    (error instanceof TypeError ||
      error instanceof TunnelError ||
      systemErrorCode(error) === 'UND_ERR_PRX_TLS');
  return wraps ? innermost(error.cause) : error;
}

/** The library says it in words alone: "Proxy response (407) !== 200 when HTTP Tunneling". */
function refusalOfProxy(error: unknown, { variable, authorization }: HttpProxy) {
  const status = Number(/\bProxy\b.*\((\d{3})\)/.exec(reasonOf(error))?.[1]);
  if (!status) return undefined;
  const passes = isPassing(status);
  if (status !== 407)
    return {
      reason: `it answers with status ${status}`,
      passes,
      remedy: `Look at ${variable}, and at NO_PROXY.`,
    };
  return {
    reason: 'it wants to know who asks (status 407)',
    passes,
    remedy: authorization
      ? `It does not take the user and password of ${variable}.`
      : `Give it a user and password: ${variable}=http://USER:PASSWORD@HOST:PORT.`,
  };
}

/** Who asks in the clear through a proxy cannot tell its answers from the server's: then both are named. */
export function refusalOf(
  { status, headers }: Pick<FaultFacts, 'headers'> & { readonly status: number },
  url: URL,
  proxy: HttpProxy | undefined,
): NetworkFault {
  const relay = proxy?.url.startsWith('http:') && url.protocol === 'http:' ? proxy : undefined;
  return new NetworkFault(relay ? `status ${status} through ${relay.shown}` : `status ${status}`, {
    ...{ status, passes: isPassing(status) },
    ...(headers && { headers }),
    ...(relay && { relayedBy: relay.variable }),
  });
}

/** Whether the same question may have another answer in a moment. */
function isPassing(status: number): boolean {
  return [408, 425, 429, 500, 502, 503, 504].includes(status);
}
