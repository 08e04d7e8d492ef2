import type { LocatedModel } from '../../model/checkpoint/locate.js';
import type { ChosenDevices } from '../../runtime/devices/choose-devices.js';
import type { Described, ExperimentData } from './experiment.js';
import type { RunRequest } from './request.js';
import type { TaskKind } from './task.js';

/** A run of which everything has been checked. */
export interface ReadyRun {
  readonly request: RunRequest;
  readonly model: LocatedModel;
  readonly data: ExperimentData;
  readonly chosen: ChosenDevices;
  readonly described: Described;
  /** All that workers do. */
  readonly tasks: readonly TaskKind<never>[];
}
