import { UserError } from '../errors.js';

export interface FaultFacts {
  /** What the person may do about this very fault; default: what whoever asked has to say. */
  readonly remedy?: string;
  /** Of an answer that is a refusal. */
  readonly status?: number;
  /** Its headers, by their names in small letters. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The variable of a proxy that may have refused instead of the server. */
  readonly relayedBy?: string;
  /** It may be over in a moment, so that the same question is worth asking again. */
  readonly passes?: boolean;
  /** Nobody answers at that port: worth asking again only where somebody did before. */
  readonly nobodyThere?: boolean;
}

/**
 * A request that came to nothing. The message is the reason alone ("connection refused", "status 404"): whoever asked knows what
 * it was for, and says it around that.
 */
export class NetworkFault extends UserError {
  readonly facts: FaultFacts;

  constructor(reason: string, facts: FaultFacts = {}, options?: ErrorOptions) {
    super(reason, facts.remedy, options);
    this.facts = facts;
  }
}
