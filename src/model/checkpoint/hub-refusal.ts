import { UserError } from '../../errors.js';
import type { NetworkFault } from '../../network/fault.js';
import type { Hub } from './hub-connection.js';

export const DEMO_REMEDY =
  'Connect to the network, set HF_ENDPOINT to a mirror, or try kn with --model demo, which needs none.';

export function noSuchRevision(id: string, revision: string, { shown }: Hub): UserError {
  return new UserError(
    `${id}: ${shown} has this model, but no revision ${JSON.stringify(revision)} of it`,
    `Give a branch, tag or commit that ${shown}/${id}/tree/main lists, or leave --revision out.`,
  );
}

/** What a hub refused, or that it could not be asked, as people should read it where the cache does not have the model. */
export function refusalOf(id: string, revision: string, hub: Hub, fault: NetworkFault): UserError {
  const { status, headers = {}, relayedBy } = fault.facts;
  const orProxy = relayedBy ? ` If it is the proxy that refuses: look at ${relayedBy}, and at NO_PROXY.` : '';
  const because = { cause: fault };
  if (status === undefined) {
    const reason = `${id}: not in the cache, and ${hub.shown} cannot be reached (${fault.message})`;
    return new UserError(reason, fault.remedy || DEMO_REMEDY, because);
  }
  const code = headers['x-error-code'];
  if (code === 'RevisionNotFound') return noSuchRevision(id, revision, hub);
  if (code === 'GatedRepo') {
    const page = `${hub.shown}/${id}`;
    const remedy = hub.token
      ? `Accept them at ${page} with the account of the token (${hub.tokenOf}); its owner may have to let you in.`
      : `Accept them at ${page}, then set HF_TOKEN to a token of that account (${hub.shown}/settings/tokens).`;
    return new UserError(`${id}: a gated model, whose terms have to be accepted first`, remedy, because);
  }
  if (hub.token && status === 401 && /invalid credentials/i.test(headers['x-error-message'] ?? '')) {
    return new UserError(
      `${id}: ${hub.shown} does not take the token of ${hub.tokenOf}`,
      'Set HF_TOKEN to one that is valid, or HF_HUB_DISABLE_IMPLICIT_TOKEN=1 to ask without a token.',
      because,
    );
  }
  if (status === 401 || status === 403 || status === 404) {
    return new UserError(
      `${id}: the hub has no such model, or it is not open to you (${fault.message})`,
      `Check the name${revision === 'main' ? '' : ' and --revision'}; for a private or gated model set HF_TOKEN. --model demo needs no download.${orProxy}`,
      because,
    );
  }
  return new UserError(
    `${id}: not in the cache, and ${hub.shown} answers with ${fault.message}`,
    `Try again later, or try kn with --model demo.${orProxy}`,
    because,
  );
}

/** The same in few words, where the cache has the model. */
export function briefly({ shown }: Hub, fault: NetworkFault): string {
  return fault.facts.status === undefined
    ? `${shown} cannot be reached (${fault.message})`
    : `${shown} answers with ${fault.message}`;
}
