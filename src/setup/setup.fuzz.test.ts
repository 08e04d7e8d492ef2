/** What kn setup is given: archives of three kinds, the index's and the driver's answers, its own notes. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { create } from 'tar';
import { afterAll, describe } from 'vitest';
import { parseGpus, visibleGpus } from '../runtime/devices/nvidia-gpus.js';
import { findInstalledTensorflow, manifestOf } from '../runtime/engines/installed-tensorflow.js';
import { fuzz, fuzzFile, mixed, mutationsOf } from '../testing/fuzz/fuzz-reader.js';
import { byteSteps, mutateBytes } from '../testing/fuzz/mutate.js';
import { wheelContent } from '../testing/made-up-wheel.js';
import { announcedBytes } from './pip.js';
import { cudaRequirementsOf, requirementsOf } from './requirements.js';
import { unpackPackage, unpackTensorflow } from './unpack.js';
import { unpackCuda } from './unpack-cuda.js';
import { newestOf, urlOf } from './wheel-index.js';

const LIBTENSORFLOW = {
  'tensorflow/libtensorflow_cc.so.2': 'library '.repeat(20),
  'tensorflow/libtensorflow_framework.so.2': 'framework',
  'tensorflow/include/tensorflow/c/c_api.h': 'header',
};

const CUDA = 'nvidia/cublas/lib/libcublas.so.12';
const SCRIPT = 'package/dist/operations/index.js';

/** Emptied before each mutation: what is unpacked into it is what that one holds. */
const emptied = (folder: string) => {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  return folder;
};

describe('a wheel', () => {
  const content = wheelContent({
    ...{ project: 'tensorflow-cpu', version: '2.21.0', tags: 'cp311-cp311-manylinux_2_27_x86_64' },
    requires: ['nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"', 'numpy (>=1.26)'],
    files: { ...LIBTENSORFLOW, [CUDA]: 'cublas' },
  });
  const wheel = { files: { 'a.whl': content }, file: 'a.whl' };
  fuzzFile('wheel of libtensorflow', {
    ...wheel,
    mutations: byteSteps.map(steps => mutateBytes(content, nearTheEnd(steps, content.length))),
    read: folder => unpackTensorflow(join(folder, 'a.whl'), emptied(join(folder, 'engine'))),
  });
  fuzzFile('names in a wheel', {
    ...wheel,
    mutations: otherNames(content, [...Object.keys(LIBTENSORFLOW), CUDA]),
    refuses: false,
    read: async folder => {
      await unpackCuda([join(folder, 'a.whl')], emptied(join(folder, 'cuda')));
      await unpackTensorflow(join(folder, 'a.whl'), emptied(join(folder, 'engine')));
    },
  });
  fuzzFile("wheel of CUDA's", {
    ...wheel,
    read: async folder => {
      await unpackCuda([join(folder, 'a.whl')], emptied(join(folder, 'engine')));
      return cudaRequirementsOf(join(folder, 'a.whl'));
    },
  });
});

/** Half of the steps among the last 600 bytes, where an archive lists what it holds. */
function nearTheEnd<Step extends { at: number }>(steps: readonly Step[], length: number): Step[] {
  // An odd place is one of the whole content.
  return steps.map(step => (step.at & 2 ? { ...step, at: (length - 1 - ((step.at >> 2) % 600)) | 1 } : step));
}

/** Names that lead elsewhere, as long as those that they stand for: the archive stays whole. */
function otherNames(content: Buffer, names: readonly string[]): fc.Arbitrary<Buffer> {
  const hostile = [
    '../../outside/lib/',
    'p/../../outside/',
    'nvidia/../../out/',
    'include/tensorflow/c/../../../../../out/',
    '/tmp/kn-outside/',
    '..\\..\\outside\\',
    'lib/../../../',
    './/./',
    '\0\0\0/',
    'C:/x/',
  ];
  return fc
    .tuple(fc.constantFrom(...names), fc.constantFrom(...hostile), fc.nat())
    .map(([name, start, at]) => {
      const end = name.slice(name.lastIndexOf('/') + 1);
      const other = `${start.repeat(9).slice(0, name.length - end.length - (at % 2))}${'/'.repeat(at % 2)}${end}`;
      return Buffer.from(content.toString('latin1').replaceAll(name, other), 'latin1');
    });
}

describe('a tarball', async () => {
  const source = mkdtempSync(join(tmpdir(), 'kn-fuzz-'));
  afterAll(() => rmSync(source, { recursive: true, force: true }));
  for (const [name, content] of Object.entries({
    ...LIBTENSORFLOW,
    'package/index.js': '1',
    [SCRIPT]: '2',
  })) {
    mkdirSync(dirname(join(source, name)), { recursive: true });
    writeFileSync(join(source, name), content);
  }
  const tar = async (folder: string) => {
    await create({ file: join(source, 'made.tar'), cwd: source, portable: true, mtime: new Date(0) }, [
      folder,
    ]);
    return readFileSync(join(source, 'made.tar'));
  };
  const library = await tar('tensorflow');
  const npm = await tar('package');
  const unpackLibrary = (folder: string, name: string) =>
    unpackTensorflow(join(folder, name), emptied(join(folder, 'engine')));

  const spoilt = (archive: Buffer) =>
    fc.tuple(byteSteps, fc.boolean()).map(([steps, summed]) => {
      const content = mutateBytes(archive, withinHeaders(steps, archive));
      return summed ? withSums(content) : content;
    });
  const inTar = spoilt(library);
  fuzzFile('tarball of libtensorflow', {
    files: { 'a.tar': library },
    file: 'a.tar',
    mutations: inTar,
    read: folder => unpackLibrary(folder, 'a.tar'),
  });
  fuzzFile('packed tarball of libtensorflow', {
    files: { 'a.tar.gz': gzipSync(library) },
    file: 'a.tar.gz',
    mutations: mixed(
      inTar.map(content => gzipSync(content)),
      mutationsOf('a.tar.gz', gzipSync(library)),
    ),
    read: folder => unpackLibrary(folder, 'a.tar.gz'),
  });
  fuzzFile('names in a tarball', {
    files: { 'a.tar': library },
    file: 'a.tar',
    mutations: otherNames(library, Object.keys(LIBTENSORFLOW)).map(withSums),
    refuses: false,
    read: folder => unpackLibrary(folder, 'a.tar'),
  });
  fuzzFile('names in a package', {
    files: { 'a.tgz': gzipSync(npm) },
    file: 'a.tgz',
    mutations: otherNames(npm, [SCRIPT]).map(content => gzipSync(withSums(content))),
    refuses: false,
    read: folder => unpackPackage(join(folder, 'a.tgz'), emptied(join(folder, 'package'))),
  });
  fuzzFile('package of npm', {
    files: { 'a.tgz': gzipSync(npm) },
    file: 'a.tgz',
    mutations: mixed(
      spoilt(npm).map(content => gzipSync(content)),
      mutationsOf('a.tgz', gzipSync(npm)),
    ),
    read: folder => unpackPackage(join(folder, 'a.tgz'), emptied(join(folder, 'package'))),
  });
});

/** Steps into the headers of files, blocks of 512 bytes: names, sizes, kinds. */
function withinHeaders<Step extends { at: number }>(steps: readonly Step[], content: Buffer): Step[] {
  const headers = headersOf(content);
  // An odd place is one of the whole content.
  return steps.map(step => ({
    ...step,
    at: (headers[step.at % headers.length] + ((step.at >> 4) % 512)) | 1,
  }));
}

function headersOf(content: Buffer): number[] {
  const blocks = [...Array(Math.floor(content.length / 512)).keys()].map(block => 512 * block);
  return blocks.filter(start => content.toString('latin1', start + 257, start + 262) === 'ustar');
}

/** Headers have a sum of their bytes, without which nothing else of them is looked at. */
function withSums(content: Buffer): Buffer {
  for (const start of headersOf(content)) {
    const header = content.subarray(start, start + 512);
    header.fill(' ', 148, 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  }
  return content;
}

describe("the index's answers", () => {
  const file = { filename: 'a-1.0-py3-none-manylinux1_x86_64.whl', url: 'https://x/a.whl' };
  const listed = { ...file, size: 7, digests: { sha256: 'aa' }, yanked: false };
  const answer = JSON.stringify({
    urls: [file],
    releases: { '1.0': [listed], '1.1rc1': [], '2.0': [listed] },
  });
  fuzz('answer of a package index', answer, mutationsOf('answer.json', answer), content => {
    let json: unknown;
    try {
      json = JSON.parse(String(content));
    } catch {
      return undefined;
    }
    const source = { project: 'a', specifier: '<2.0,>=1.0' };
    return [newestOf(json, source, '2.36', 'the index'), urlOf(json, file.filename, 'the index')];
  });
  const metadata = `Metadata-Version: 2.1\nRequires-Dist: nvidia-a[x] (<2.0,>=1.0); extra == "and-cuda"\n\nText\n`;
  const ofText = (text: string) => mutationsOf('a.txt', text);
  fuzz(
    'METADATA',
    metadata,
    ofText(metadata),
    content =>
      requirementsOf(String(content), 'and-cuda').map(of => newestOf(JSON.parse(answer), of, '2.36', 'it')),
    false,
  );
  const said = 'Downloading https://x/a-1.0-py3-none-any.whl (594.3 MB)\n';
  fuzz('what pip says', said, ofText(said), content => announcedBytes(String(content)), false);
  const gpus = 'GPU-6a1b, 81559, NVIDIA H100 80GB HBM3\nGPU-7a1b, [N/A], NVIDIA, A100\n';
  fuzz(
    'what nvidia-smi says',
    gpus,
    ofText(gpus),
    content => [
      visibleGpus(parseGpus(String(content)), '1,GPU-6'),
      visibleGpus(parseGpus(gpus), String(content)),
    ],
    false,
  );
});

describe('an engine that was set up', () => {
  const manifest = manifestOf({
    ...{ tfjsNode: '4.22.0', from: 'pypi', sha256: 'aa', cuda: true, cudaWheels: ['a.whl'] },
    ...{ compiler: 'g++ 12', installed: '2026-11-28T00:00:00Z' },
  });
  const files = { 'engine.json': JSON.stringify(manifest) };
  fuzzFile('engine.json', { files, file: 'engine.json', read: findInstalledTensorflow });
});
