/**
 * What a run will do, as plain data: made by a pure function once everything has been checked, and before anything is
 * computed or written.
 */
import type { LocatedModel } from '../../model/checkpoint/locate.js';
import { type ModelConfig, parameterCount } from '../../model/config.js';
import type { ChosenDevices } from '../../runtime/devices/choose-devices.js';
import type { Device, DeviceKind } from '../../runtime/devices/device.js';
import type { EngineName } from '../../runtime/engine-names.js';
import type { LimitedMachine, Machine } from '../../runtime/machine.js';
import {
  type AskedWorkers,
  checkEngineHolds,
  memoryOfWorker,
  memoryWarning,
  planWorkers,
  type WorkerPlan,
} from '../../runtime/worker-plan.js';
import { commandLine } from './command.js';
import { estimateText } from './estimate.js';
import type { Described, ExperimentPlan, PlannedShown } from './experiment.js';
import type { ReportName, RunRequest } from './request.js';

/** `files` has the reports' too. */
export interface RunPlan extends ExperimentPlan {
  /** That gives the same results again. */
  readonly command: string;
  readonly model: Pick<LocatedModel, 'name' | 'folder' | 'revision'> & {
    readonly layers: number;
    readonly intermediateSize: number;
    readonly parameters: number;
  };
  readonly data: { readonly name: string; readonly relations: readonly string[] };
  /** Where it will be computed, if the first choice of devices and engines starts. */
  readonly devices: readonly PlannedDevice[];
  readonly folder: string;
}

export interface PlannedDevice extends WorkerPlan {
  readonly device: string;
  readonly kind: DeviceKind;
  readonly name: string;
  readonly engine: EngineName;
  /** What its workers take of its memory, in bytes. */
  readonly memory: number;
}

/** What a run's plan is made from. */
export interface PlanMaterial {
  readonly request: RunRequest;
  readonly model: LocatedModel;
  readonly config: ModelConfig;
  readonly relations: readonly string[];
  readonly plan: ExperimentPlan;
  readonly described: Described;
  readonly chosen: ChosenDevices;
  readonly machine: LimitedMachine;
}

export function planRun(material: PlanMaterial): RunPlan {
  const { request, model, config, relations, plan, described, chosen, machine } = material;
  const { name, folder, revision } = model;
  const { layers, intermediateSize } = config;
  const parameters = parameterCount(config);
  const { facts, skipped, work, notices, shown } = plan;
  const files = [...plan.files, ...request.output.reports.flatMap(report => reportFiles(report, shown))];
  const [first = []] = chosen.sets;
  const devices = first.map(device => plannedDevice(device, parameters, askedWorkers(request), machine));
  return {
    command: commandLine(request, described.command),
    model: { name, folder, revision, layers, intermediateSize, parameters },
    data: { name: request.data.name, relations },
    ...{ facts, skipped, work, files, shown, devices },
    notices: [
      ...notices,
      ...devices.flatMap(device => memoryWarning(device, parameters, machine)),
      ...estimateText(work, devices),
    ],
    folder: request.results.folder,
  };
}

/** The names of the files that a report (src/report) leaves. */
function reportFiles(report: ReportName, { name, data, figures }: PlannedShown): string[] {
  switch (report) {
    case 'csv':
      return data ? [`${name}.csv`] : [];
    case 'figures':
      return figures.flatMap(figure => ['svg', 'vl.json', 'csv'].map(type => `${figure}.${type}`));
    case 'json':
      return [`${name}.json`];
    default:
      return report satisfies never;
  }
}

function plannedDevice(
  { id, name, kind, memory, engines }: Device,
  parameters: number,
  asked: AskedWorkers,
  machine: Machine,
): PlannedDevice {
  const [engine] = engines;
  checkEngineHolds(engine, parameters);
  const planned = planWorkers({ kind, memory }, engine, parameters, asked, machine);
  return {
    ...{ device: id, kind, name, engine },
    ...planned,
    memory: planned.workers * memoryOfWorker(kind, engine, parameters),
  };
}

/** What a request says of workers. */
export function askedWorkers({ devices: { workers, threads, batchMemory } }: RunRequest): AskedWorkers {
  return {
    ...(workers !== null && { workers }),
    ...(threads !== null && { threads }),
    ...(batchMemory !== null && { batchMemory }),
  };
}
