/** What `kn doctor` finds and says. */
import { availableParallelism, cpus, totalmem } from 'node:os';
import { getHFHubCachePath } from '@huggingface/hub';
import { UserError } from '../../errors.js';
import { coloured } from '../../report/colour.js';
import { table } from '../../report/table.js';
import { chooseDevices } from '../../runtime/devices/choose-devices.js';
import { DEVICE_KINDS, type Device } from '../../runtime/devices/device.js';
import { gpusOfWebgpu, listDevices } from '../../runtime/devices/list-devices.js';
import type { EngineChoice, EngineName } from '../../runtime/engine-names.js';
import { cacheFolder, enginesFolder } from '../../runtime/folders.js';
import { folderSize } from '../../setup/folder-size.js';
import { type ProbeResult, probe } from '../../setup/probe.js';
import { EXIT } from '../output/exit.js';
import type { DoctorOptions } from './doctor.js';

/** An engine on a device. */
type Report = ProbeResult & {
  readonly engine: EngineName;
  /** As `--devices` takes it; where there is none of a kind, the kind. */
  readonly device: string;
  readonly name: string | null;
  /** In bytes. */
  readonly memory: number | null;
  /** The device is a program that plays a GPU, taken where it is named alone. */
  readonly software: boolean;
};

interface Folder {
  readonly holds: string;
  readonly path: string;
  readonly bytes: number;
}

/** @returns the exit code */
export async function examine({ engine: asked, bench, json }: DoctorOptions): Promise<number> {
  const engines: Report[] = [];
  // One after another, or they would slow each other down.
  for (const kind of DEVICE_KINDS) {
    const engine = kind === 'webgpu' ? 'webgpu' : 'tensorflow';
    try {
      const devices = await listDevices(kind);
      if (devices.length === 0) gpusOfWebgpu(devices); // which says why
      for (const device of devices) engines.push(...(await reportsOn(device, bench)));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const { message: why, remedy } = error;
      engines.push({
        engine,
        device: kind,
        name: null,
        memory: null,
        software: false,
        usable: false,
        why,
        remedy,
      });
    }
  }
  const auto = await takenBy('auto', engines);
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
  if (json) {
    const taken = auto.map(({ engine, device }) => ({ engine, device }));
    process.stdout.write(`${JSON.stringify({ machine, engines, auto: taken, folders })}\n`);
  } else {
    print(machine, engines, auto, folders);
  }
  const taken = asked === 'auto' ? auto : await takenBy(asked, engines);
  return taken.length > 0 ? EXIT.done : EXIT.failed;
}

async function reportsOn(device: Device, bench: boolean): Promise<Report[]> {
  const { id, name, memory, software, environment } = device;
  const names: readonly EngineName[] = device.kind === 'cpu' ? ['tensorflow', 'wasm'] : device.engines;
  const reports: Report[] = [];
  for (const engine of names) {
    const probed = await probe({ engine, bench, scores: false }, environment);
    const result = device.kind === 'cuda' ? onGpu(probed) : probed;
    reports.push({ engine, device: id, name, memory, software, ...result });
  }
  return reports;
}

/** An engine that starts and leaves the GPU alone is of no use there. */
function onGpu(result: ProbeResult): ProbeResult {
  if (!result.usable || result.gpu) return result;
  return { usable: false, why: result.notice ?? 'libtensorflow does not use the GPU', remedy: '' };
}

/** The devices that `--engine <choice>` would start, each with the first of its engines that is usable. */
async function takenBy(engine: EngineChoice, reports: readonly Report[]): Promise<Report[]> {
  const { sets } = await chooseDevices({ engine }).catch(error => {
    if (error instanceof UserError) return { sets: [] };
    throw error;
  });
  for (const devices of sets) {
    const taken = devices.flatMap(({ id, engines }) => {
      const usable = (name: EngineName) =>
        reports.find(({ engine, device, usable }) => engine === name && device === id && usable);
      return engines.map(usable).find(report => report !== undefined) ?? [];
    });
    if (taken.length > 0) return taken;
  }
  return [];
}

/** "tensorflow on cuda:0", "webgpu" */
function nameOf({ engine, device }: Report): string {
  return device === engine ? engine : `${engine} on ${device}`;
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
  auto: readonly Report[],
  folders: readonly Folder[],
): void {
  const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(0)} GiB`;
  const rows = engines.map(report => [
    report.engine,
    report.device,
    report.usable ? coloured('green', 'usable', process.stdout) : coloured('red', 'no', process.stdout),
    report.usable && report.gigaflops !== null ? report.gigaflops.toFixed(0) : '',
    auto.includes(report) ? 'taken by auto' : report.software ? 'by its name alone' : '',
    report.usable ? report.version : '',
  ]);
  const devices = [...new Map(engines.map(report => [report.device, report])).values()].flatMap(
    ({ device, name, memory }) =>
      name === null ? [] : [[device, name, memory === null ? 'memory not told' : gibibytes(memory)]],
  );
  const mends = engines.flatMap(report => {
    const said = report.usable ? [report.notice] : [report.why, report.remedy];
    const text = said.filter(Boolean).join('. ');
    return text && !isToldOfAnother(report) ? [`${nameOf(report)}: ${text}`] : [];
  });
  function isToldOfAnother(report: Report): boolean {
    return report.usable && engines.some(other => !other.usable && other.why === report.notice);
  }
  const sizes = folders.map(({ holds, path, bytes }) => [holds, `${(bytes / 1e6).toFixed(0)} MB`, path]);
  process.stdout.write(
    [
      `Node ${node}, ${platform}, ${cores} cores (${processor}), ${gibibytes(memory)}`,
      '',
      table(['engine', 'device', '', 'GFLOPS', '', 'version'], rows),
      ...(mends.length === 0 ? [] : ['', ...mends]),
      '',
      table(['device', 'name', 'memory'], devices),
      '',
      table(['folder', 'size', ''], sizes),
      '',
    ].join('\n'),
  );
}
