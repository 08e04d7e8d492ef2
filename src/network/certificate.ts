/** What is wrong with a certificate, and what the person may do about it. */
import { accessSync, constants } from 'node:fs';

const UNKNOWN_AUTHORITY = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_UNTRUSTED',
  'INVALID_CA',
]);

const OTHERS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'is for another host',
  HOSTNAME_MISMATCH: 'is for another host',
  CERT_REVOKED: 'was revoked',
  CERT_REJECTED: 'is rejected',
  CERT_SIGNATURE_FAILURE: 'is signed wrongly',
  INVALID_PURPOSE: 'is not one of a server',
  CERT_CHAIN_TOO_LONG: 'has too long a chain',
  PATH_LENGTH_EXCEEDED: 'has too long a chain',
};

/** Where Python and curl are told of a network's own authority. */
const OF_OTHER_TOOLS = ['REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'SSL_CERT_FILE'];

export interface CertificateTrouble {
  readonly what: string;
  readonly remedy: string;
}

/** @returns undefined where the code is of another kind of error */
export function certificateTrouble(
  code: string,
  host: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): CertificateTrouble | undefined {
  if (UNKNOWN_AUTHORITY.has(code)) {
    return {
      what: `the certificate of ${host} is signed by nobody whom Node.js trusts (${code})`,
      remedy: remedyOfAuthority(environment),
    };
  }
  const what = OTHERS[code];
  if (what === undefined) return undefined;
  return {
    what: `the certificate of ${host} ${what} (${code})`,
    remedy: /EXPIRED|NOT_YET/.test(code)
      ? `Look at this machine's clock, else tell whoever runs ${host}: NODE_EXTRA_CA_CERTS does not mend that.`
      : `Look at the address, else tell whoever runs ${host}: NODE_EXTRA_CA_CERTS does not mend that.`,
  };
}

function mayRead(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function remedyOfAuthority(environment: Readonly<Record<string, string | undefined>>): string {
  const given = environment.NODE_EXTRA_CA_CERTS;
  const other = OF_OTHER_TOOLS.find(name => environment[name] && environment[name] !== given);
  if (other) return `Set NODE_EXTRA_CA_CERTS=${environment[other]}, the file that ${other} names.`;
  if (given && !mayRead(given))
    return `NODE_EXTRA_CA_CERTS is ${given}: there is no such file that can be read, so that Node.js goes without it.`;
  if (given)
    return `NODE_EXTRA_CA_CERTS is ${given}: that file lacks the authority that signed this certificate.`;
  return "Set NODE_EXTRA_CA_CERTS to a file with the certificate of your network's authority, in PEM.";
}
