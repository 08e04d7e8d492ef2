import { expect, it } from 'vitest';
import { certificateTrouble } from './certificate.js';

it.each([
  ['CERT_HAS_EXPIRED', 'has expired', "Look at this machine's clock"],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'is for another host', 'Look at the address'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'is signed by nobody whom Node.js trusts', 'Set NODE_EXTRA_CA_CERTS'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'is signed by nobody', 'Set NODE_EXTRA_CA_CERTS'],
])('%s is told as what it is, with what mends it', (code, what, remedy) => {
  const trouble = certificateTrouble(code, 'hub.co', {});
  expect(trouble?.what).toContain(`the certificate of hub.co ${what}`);
  expect(trouble?.remedy).toContain(remedy);
});

it('an error of another kind is no trouble of a certificate', () => {
  expect(certificateTrouble('ECONNREFUSED', 'hub.co', {})).toBeUndefined();
});
