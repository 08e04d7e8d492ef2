import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

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
  await pipeline(createReadStream(path), hash);
  return hash.digest(encoding);
}

/** Whether the file is there and has this checksum. */
export async function hasChecksum(path: string, checksum: Checksum): Promise<boolean> {
  return digestOf(path, checksum).then(
    digest => digest === checksum.digest,
    () => false,
  );
}
