/**
 * Which engine a session takes where the user leaves it to kn. In a folder that has results it is the one that they were
 * computed on: another would round float32 otherwise, and a folder of two is nothing that anybody asked for.
 */
import { EngineFault, UserError } from '../../errors.js';
import type { ChosenDevices } from '../../runtime/devices/choose-devices.js';
import type { RunRequest } from './request.js';
import { earlierEngines } from './results-folder.js';

/** What of a request decides it. */
type Asked = Pick<RunRequest, 'devices' | 'results'>;

/**
 * The devices that run an engine which computed what the results folder has, with these engines alone.
 * @throws UserError where there is none, or a device that was asked for runs none
 */
export async function onKeptEngine(request: Asked, chosen: ChosenDevices): Promise<ChosenDevices> {
  const engines = await enginesToKeep(request);
  if (engines.length === 0) return chosen;
  const sets = chosen.sets.map(devices =>
    devices.map(device => ({ ...device, engines: device.engines.filter(name => engines.includes(name)) })),
  );
  const without = sets.flat().find(device => device.engines.length === 0);
  if (request.devices.devices && without)
    throw refusal(request, engines, `${without.id} does not run it here`);
  const able = sets.map(devices => devices.filter(device => device.engines.length > 0));
  const kept = able.filter(devices => devices.length > 0);
  if (kept.length === 0) throw refusal(request, engines, 'it is not set up here, or has no device');
  const isBest = chosen.sets[0].every(({ engines: [best] }) => engines.includes(best));
  const notice = `${request.results.folder}: what it has was computed on ${nameOf(engines)}, which goes on; --engine takes another`;
  return { sets: kept, notices: isBest ? chosen.notices : [...chosen.notices, notice] };
}

/**
 * Does work that starts an engine.
 * @throws UserError where it is one that is to be kept, and does not start
 */
export async function startingKeptEngine<T>(request: Asked, start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof EngineFault)) throw error;
    const engines = await enginesToKeep(request);
    throw engines.length === 0 ? error : refusal(request, engines, `it does not start (${error.message})`);
  }
}

/** None where the user names one, or there is nothing yet. */
async function enginesToKeep({ devices, results }: Asked): Promise<readonly string[]> {
  return devices.engine === 'auto' && !results.fresh ? earlierEngines(results.folder) : [];
}

function refusal({ results }: Asked, engines: readonly string[], why: string): UserError {
  return new UserError(
    `${results.folder}: what it has was computed on ${nameOf(engines)}, and ${why}`,
    'To go on with another, name it with --engine: float32 is rounded otherwise then, and the summary names both. Or begin again with --fresh.',
  );
}

/** "the wasm engine" */
function nameOf(engines: readonly string[]): string {
  return `the ${engines.join(' and the ')} engine`;
}
