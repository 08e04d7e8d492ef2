/** Small wheels, made for tests: archives of the zip format, in which is deflated what that makes smaller. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { temporaryFolder } from './temporary-folder.js';

export interface MadeUpWheel {
  readonly project: string;
  readonly version: string;
  /** The tags of its file's name: "py3-none-manylinux1_x86_64". */
  readonly tags: string;
  readonly requires?: readonly string[];
  readonly files?: Readonly<Record<string, string | Buffer>>;
}

export function wheelFile({ project, version, tags }: MadeUpWheel): string {
  return `${project.replaceAll('-', '_')}-${version}-${tags}.whl`;
}

/** Its content, which pip takes for a wheel. */
export function wheelContent({ project, version, tags, requires = [], files = {} }: MadeUpWheel): Buffer {
  const info = `${project.replaceAll('-', '_')}-${version}.dist-info`;
  const head = ['Metadata-Version: 2.1', `Name: ${project}`, `Version: ${version}`];
  return zip({
    [`${info}/METADATA`]: `${[...head, ...requires.map(line => `Requires-Dist: ${line}`)].join('\n')}\n\nText\n`,
    [`${info}/WHEEL`]: `Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: ${tags}\n`,
    [`${info}/License.txt`]: `Licence of ${project}`,
    ...files,
  });
}

/** Writes it to a folder that goes when the test is over. */
export function writeWheel(wheel: MadeUpWheel): string {
  const path = join(temporaryFolder(), wheelFile(wheel));
  writeFileSync(path, wheelContent(wheel));
  return path;
}

const MODE = 0o100755;

function zip(files: Readonly<Record<string, string | Buffer>>): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const content = Buffer.from(text);
    const deflated = deflateRawSync(content);
    const [method, packed] = deflated.length < content.length ? [8, deflated] : [0, content];
    // Version, flags, method, time, date, checksum, both sizes, lengths of the name and of no more.
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(method, 4);
    common.writeUInt16LE(0x21, 8);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), packed]);
    // Comment's length, disk, two kinds of attributes (Unix keeps its mode here), and where the file is.
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(MODE * 0x10000, 6);
    rest.writeUInt32LE(offset, 10);
    directory.push(
      Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 3]), common, rest, Buffer.from(name)]),
    );
    locals.push(local);
    offset += local.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, ...directory, end]);
}
