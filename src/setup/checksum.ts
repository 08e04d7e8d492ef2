import { createHash } from 'node:crypto';
import { bytesOfFile } from '../plain-file.js';

export interface Checksum {
  readonly algorithm: 'sha256' | 'sha512';
  readonly encoding: 'hex' | 'base64';
  readonly digest: string;
}

export async function digestOf(
  path: string,
  { algorithm, encoding }: Pick<Checksum, 'algorithm' | 'encoding'>,
): Promise<string> {
  const hash = createHash(algorithm);
  for await (const bytes of bytesOfFile(path)) hash.update(bytes);
  return hash.digest(encoding);
}

/** Whether the file is there and has this checksum. */
export async function hasChecksum(path: string, checksum: Checksum): Promise<boolean> {
  return digestOf(path, checksum).then(
    digest => digest === checksum.digest,
    () => false,
  );
}
