/** CUDA's wheels against a package index on loopback, with a real pip and without one. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pipAgainst, setEnvironment } from '../testing/environment.js';
import { type MadeUpWheel, wheelContent } from '../testing/made-up-wheel.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { serveWheels } from '../testing/wheel-server.js';
import { obtainCudaWheels } from './cuda-wheels.js';

const wheel = (project: string, version: string, tags = 'py3-none-manylinux1_x86_64'): MadeUpWheel => ({
  project,
  version,
  tags,
  files: { [`nvidia/${project}/lib/lib${project}.so.12`]: `${project} ${version}` },
});

/** Newer ones are a pre-release, of the next range, for another machine, and yanked. */
const WHEELS = [
  wheel('kn-blas-cu12', '12.5.3.2'),
  wheel('kn-blas-cu12', '12.10.0.1'),
  wheel('kn-blas-cu12', '12.9.1.4'),
  wheel('kn-blas-cu12', '12.11.0rc1'),
  wheel('kn-blas-cu12', '13.0.0'),
  wheel('kn-blas-cu12', '12.12', 'py3-none-manylinux_2_99_x86_64'),
  wheel('kn-blas-cu12', '12.12', 'py3-none-win_amd64'),
  wheel('kn-dnn-cu12', '9.3.0.75'),
  // From before there were rules for versions.
  wheel('kn-blas-cu12', '2004d'),
];
const BLAS = { project: 'kn-blas-cu12', specifier: '<13.0,>=12.5.3.2' };
const DNN = { project: 'kn-dnn-cu12', specifier: '==9.3.0.75' };
const FILES = [
  'kn_blas_cu12-12.10.0.1-py3-none-manylinux1_x86_64.whl',
  'kn_dnn_cu12-9.3.0.75-py3-none-manylinux1_x86_64.whl',
];

const nothing = () => undefined;
const reporter = { step: nothing, received: nothing };
const hasPip = spawnSync('python3', ['-m', 'pip', '--version']).status === 0;

/** An empty cache, an index, and pip or none. */
function prepare(url: string, pip: boolean): string {
  const cache = temporaryFolder();
  setEnvironment({ ...pipAgainst(url), KN_CACHE: cache, KN_PYPI_URL: url, ...(pip ? {} : { PATH: '' }) });
  return join(cache, 'downloads');
}

const obtain = (requirements = [BLAS, DNN]) => obtainCudaWheels(requirements, '2.36', reporter);

describe("CUDA's wheels", () => {
  for (const pip of [false, true]) {
    it.skipIf(pip && !hasPip)(
      `are the newest of their ranges, ${pip ? `through pip${hasPip ? '' : ' (skipped: no pip here)'}` : 'by HTTPS'}, and are fetched once`,
      async () => {
        const { url, requests } = await serveWheels(WHEELS);
        const downloads = prepare(url, pip);
        const paths = await obtain();
        expect(paths.map(path => basename(path))).toEqual(FILES);
        expect(readFileSync(paths[0]).equals(wheelContent(WHEELS[1]))).toBe(true);
        expect(requests.some(request => request.includes('/simple/'))).toBe(pip);
        expect(readdirSync(downloads).sort()).toEqual(
          [...FILES, 'kn-blas-cu12.json', 'kn-dnn-cu12.json'].sort(),
        );
        const before = requests.length;
        expect(await obtain()).toEqual(paths);
        expect(requests).toHaveLength(before);
      },
    );
  }

  it('come by HTTPS where pip cannot get them', async () => {
    const { url } = await serveWheels(WHEELS);
    prepare(url, true);
    setEnvironment({ PIP_NO_INDEX: '1' });
    expect((await obtain()).map(path => basename(path))).toEqual(FILES);
  });

  it('that were damaged, or are for another range, are fetched again', async () => {
    const { url } = await serveWheels(WHEELS);
    prepare(url, false);
    const [path] = await obtain([BLAS]);
    writeFileSync(path, 'damaged');
    await obtain([BLAS]);
    expect(readFileSync(path).equals(wheelContent(WHEELS[1]))).toBe(true);
    const [other] = await obtain([{ ...BLAS, specifier: '==12.9.*' }]);
    expect(basename(other)).toBe('kn_blas_cu12-12.9.1.4-py3-none-manylinux1_x86_64.whl');
  });

  it('go on where the last download broke off; those that were whole are kept', async () => {
    let [sends, asked] = [0, 0];
    const { url, requests } = await serveWheels(WHEELS, {
      // A break alone would be gone on with in the same call.
      gone: () => ++asked === 3,
      send: (content, response) => {
        sends++;
        if (sends !== 2) return void response.end(content);
        response.write(content.subarray(0, 100));
        setTimeout(() => response.destroy(), 300);
      },
    });
    const downloads = prepare(url, false);
    await expect(obtain()).rejects.toThrow('cannot be fetched');
    expect(existsSync(join(downloads, FILES[0]))).toBe(true);
    expect(existsSync(join(downloads, `${FILES[1]}.part`))).toBe(true);
    const [, path] = await obtain();
    expect(readFileSync(path).equals(wheelContent(WHEELS[7]))).toBe(true);
    expect(requests.filter(request => request.endsWith(FILES[0]))).toHaveLength(1);
  });

  it('that were yanked do not count', async () => {
    const { url } = await serveWheels(WHEELS, {
      listed: file => ({ ...file, yanked: file.filename === FILES[0] }),
    });
    prepare(url, false);
    const [path] = await obtain([BLAS]);
    expect(basename(path)).toBe('kn_blas_cu12-12.9.1.4-py3-none-manylinux1_x86_64.whl');
  });

  it.each([
    [
      'with another checksum',
      { digests: { sha256: 'f'.repeat(64) } },
      /its sha256 is \w{64}, not f{64}; pip is not here/,
    ],
    [
      'that the disk has no room for',
      { size: 1e18 },
      /MB are needed there, and \d+ MB are free; pip is not here/,
    ],
  ])('%s are refused, and none is kept', async (_, lie, message) => {
    const { url } = await serveWheels(WHEELS, { listed: file => ({ ...file, ...lie }) });
    const downloads = prepare(url, false);
    await expect(obtain()).rejects.toThrow(message);
    expect(readdirSync(downloads)).toEqual([]);
  });

  it('that nothing satisfies are refused, with the requirement', async () => {
    const { url } = await serveWheels(WHEELS);
    prepare(url, hasPip);
    const refused = obtain([{ ...BLAS, specifier: '>=14' }]);
    await expect(refused).rejects.toThrow(
      /kn-blas-cu12\/json: no wheel for Linux x64 and glibc 2\.36 satisfies kn-blas-cu12>=14; pip (could not fetch it|is not here)/,
    );
  });

  it('are refused without a network, with what pip and the index said', async () => {
    prepare('http://127.0.0.1:65533', false);
    await expect(obtain()).rejects.toThrow(
      /127\.0\.0\.1:65533\/pypi\/kn-blas-cu12\/json: cannot be fetched \(connection refused\); pip is not here/,
    );
  });
});
