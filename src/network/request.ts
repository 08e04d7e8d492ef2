/**
 * The one way to ask the network: through the proxy that the environment names, with an end to silence, and with a token for
 * nobody but the host that it was meant for. Whoever wants an answer's content takes `fetch-bytes.ts` or `receive-file.ts`, which
 * try again where a line breaks.
 */
import type { Dispatcher } from 'undici';
import { VERSION } from '../version.js';
import { addressOf } from './address.js';
import { dispatcherFor } from './dispatcher.js';
import { faultOf, refusalOf, Silence } from './explain.js';
import { NetworkFault } from './fault.js';
import { type Asker, PATIENT } from './patience.js';
import { type HttpProxy, proxyFor } from './proxy.js';
import { isRedirect, redirected, type Sent } from './redirect.js';

export interface Question {
  /** Default: GET. */
  readonly method?: 'GET' | 'HEAD' | 'POST';
  /** By their names in small letters. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For the address's own host alone. */
  readonly token?: string;
  /** An answer that points to another host is the answer: it says of a file what that host does not. Default: it is followed. */
  readonly atThisHost?: boolean;
}

export interface Answer {
  readonly status: number;
  /** By their names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the body, to be read to its end or left. */
  readonly pieces: AsyncIterable<Buffer>;
}

const MOST_REDIRECTS = 10;

/** What is read of an answer that nobody wants, so that its connection can be used again. In bytes. */
const MOST_UNWANTED = 2 ** 16;

/** The same, in milliseconds. */
const LONGEST_UNWANTED = 1000;

/**
 * Asks once.
 * @param accepted statuses that are no fault besides those of success
 * @throws NetworkFault where there is no answer, or one that refuses; the asker's reason once its signal is aborted
 */
export async function ask(
  address: string,
  question: Question,
  asker: Asker,
  accepted: readonly number[] = [],
): Promise<Answer> {
  const { url, authorization } = addressOf(address);
  const secret = question.token ? `Bearer ${question.token}` : authorization;
  let sent: Sent = {
    url,
    method: question.method ?? 'GET',
    headers: {
      'user-agent': `knowledge-neurons/${VERSION}`,
      ...question.headers,
      ...(secret && { authorization: secret }),
    },
    ...(question.body !== undefined && { body: question.body }),
  };
  for (let hops = 0; hops <= MOST_REDIRECTS; hops++) {
    const answer = await send(sent, asker);
    const { status, headers } = answer;
    if (isRedirect(status)) {
      const next = redirected(sent, status, headers.location);
      if (question.atThisHost && next.url.origin !== sent.url.origin) return answer;
      await leave(answer);
      sent = next;
      continue;
    }
    if (status < 400 || accepted.includes(status)) return answer;
    await leave(answer);
    throw refusalOf(answer, sent.url, proxyFor(sent.url));
  }
  throw new NetworkFault(`it sends from one address to the next, ${MOST_REDIRECTS} times`);
}

async function send({ url, method, headers, body }: Sent, asker: Asker): Promise<Answer> {
  const { patience = PATIENT, signal } = asker;
  const listening = new Listening(patience.silence, signal);
  const proxy = proxyFor(url);
  try {
    const [{ request }, dispatcher] = await Promise.all([import('undici'), dispatcherFor(proxy)]);
    const answer = await listening.during(() =>
      // Its own time limits end at what is slow, not at what is silent.
      request(url, {
        ...{ method, headers, dispatcher, signal: listening.signal, headersTimeout: 0, bodyTimeout: 0 },
        ...(body !== undefined && { body }),
      }),
    );
    // Of a body that is left: nobody reads what it then throws.
    answer.body.on('error', () => undefined);
    const pieces = piecesOf(answer.body, listening, error => explained(error, url, proxy, signal));
    return { status: answer.statusCode, headers: plainHeaders(answer.headers), pieces };
  } catch (error) {
    throw explained(error, url, proxy, signal);
  }
}

function explained(
  error: unknown,
  url: URL,
  proxy: HttpProxy | undefined,
  signal: AbortSignal | undefined,
): unknown {
  return signal?.aborted ? signal.reason : faultOf(error, url, proxy);
}

/**
 * Ends a request that has been silent for too long, or that nobody wants any more. What whoever asked does meanwhile is no silence.
 * The library heeds a signal only once it is connected: whoever waits is not kept until then.
 */
class Listening {
  private readonly controller = new AbortController();
  readonly signal: AbortSignal;

  constructor(
    private readonly limit: number,
    asker: AbortSignal | undefined,
  ) {
    this.signal = asker ? AbortSignal.any([asker, this.controller.signal]) : this.controller.signal;
  }

  async during<T>(wait: () => Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    const timer = setTimeout(
      () => this.controller.abort(new Silence(`no word for ${this.limit / 1000} s`)),
      this.limit,
    );
    let abort = (): void => undefined;
    const aborted = new Promise<never>((_, reject) => {
      abort = () => reject(this.signal.reason);
      this.signal.addEventListener('abort', abort, { once: true });
    });
    try {
      return await Promise.race([wait(), aborted]);
    } finally {
      clearTimeout(timer);
      this.signal.removeEventListener('abort', abort);
    }
  }
}

async function* piecesOf(
  body: Dispatcher.ResponseData['body'],
  listening: Listening,
  explain: (error: unknown) => unknown,
): AsyncGenerator<Buffer> {
  const iterator: AsyncIterator<Buffer> = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await listening
        .during(() => iterator.next())
        .catch(error => {
          throw explain(error);
        });
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}

/** Reads a little of a body that nobody wants, whatever comes. */
export async function leave({ pieces }: Answer): Promise<void> {
  let bytes = 0;
  const end = performance.now() + LONGEST_UNWANTED;
  try {
    for await (const piece of pieces) {
      bytes += piece.length;
      if (bytes > MOST_UNWANTED || performance.now() > end) break;
    }
  } catch {
    // The status says what matters.
  }
}

/** Of a header that comes twice, the first. */
function plainHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      const first = Array.isArray(value) ? value[0] : value;
      return first === undefined ? [] : [[name, first]];
    }),
  );
}
