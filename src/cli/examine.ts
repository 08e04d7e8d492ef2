/** What `kn doctor` finds and says. */
import { availableParallelism, cpus, totalmem } from 'node:os';
import { getHFHubCachePath } from '@huggingface/hub';
import { ENGINES, type EngineName } from '../runtime/engine-names.js';
import { cacheFolder, enginesFolder } from '../runtime/folders.js';
import { folderSize } from '../setup/folder-size.js';
import { type ProbeResult, probe } from '../setup/probe.js';
import { coloured } from './colour.js';
import type { DoctorOptions } from './doctor.js';
import { EXIT } from './exit.js';
import { table } from './tables.js';

type Report = ProbeResult & { readonly engine: EngineName };

interface Folder {
  readonly holds: string;
  readonly path: string;
  readonly bytes: number;
}

/** @returns the exit code */
export async function examine({ engine: asked, bench, json }: DoctorOptions): Promise<number> {
  const engines: Report[] = [];
  // One after another, or they would slow each other down.
  for (const engine of ENGINES) engines.push({ engine, ...(await probe({ engine, bench, scores: false })) });
  const auto = ENGINES.find(name => engines.some(({ engine, usable }) => engine === name && usable));
  const folders = await Promise.all(
    [
      { holds: 'downloads', path: cacheFolder() },
      { holds: 'models of the hub', path: getHFHubCachePath() },
      { holds: 'engines', path: enginesFolder() },
    ].map(async (folder): Promise<Folder> => ({ ...folder, bytes: await folderSize(folder.path) })),
  );
  const machine = {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory: totalmem(),
  };
  if (json) process.stdout.write(`${JSON.stringify({ machine, engines, auto, folders })}\n`);
  else print(machine, engines, auto, folders);
  const wanted = asked === 'auto' ? auto : asked;
  return engines.some(({ engine, usable }) => engine === wanted && usable) ? EXIT.done : EXIT.failed;
}

function print(
  {
    node,
    platform,
    processor,
    cores,
    memory,
  }: Record<'node' | 'platform' | 'processor', string> & {
    readonly cores: number;
    readonly memory: number;
  },
  engines: readonly Report[],
  auto: EngineName | undefined,
  folders: readonly Folder[],
): void {
  const rows = engines.map(report => [
    report.engine,
    report.usable ? coloured('green', 'usable', process.stdout) : coloured('red', 'no', process.stdout),
    report.usable ? report.version : '',
    report.usable && report.gigaflops !== null ? report.gigaflops.toFixed(0) : '',
    report.engine === auto ? 'taken by auto' : '',
  ]);
  const mends = engines.flatMap(report =>
    report.usable ? [] : [`${report.engine}: ${[report.why, report.remedy].filter(Boolean).join('. ')}`],
  );
  const sizes = folders.map(({ holds, path, bytes }) => [holds, `${(bytes / 1e6).toFixed(0)} MB`, path]);
  process.stdout.write(
    [
      `Node ${node}, ${platform}, ${cores} cores (${processor}), ${(memory / 2 ** 30).toFixed(0)} GiB`,
      '',
      table(['engine', '', 'version', 'GFLOPS', ''], rows),
      ...(mends.length === 0 ? [] : ['', ...mends]),
      '',
      table(['folder', 'size', ''], sizes),
      '',
    ].join('\n'),
  );
}
