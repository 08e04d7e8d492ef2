/** How fast engines computed what the method needs, where that was measured: docs/performance.md, at bert-base's shape. */
import type { DeviceKind } from './devices/device.js';
import type { EngineName } from './engine-names.js';
import type { WorkerPlan } from './worker-plan.js';

/** A device as far as its rate depends on it. */
export interface RatedDevice extends Pick<WorkerPlan, 'workers' | 'threads'> {
  readonly kind: DeviceKind;
  readonly engine: EngineName;
}

/** Operations a second in matrix products, of one thread of one worker on a processor (an AMD EPYC). */
const OF_A_THREAD: Readonly<Partial<Record<EngineName, number>>> = { wasm: 32e9, tensorflow: 150e9 };

/** Operations a second of all workers of a device; undefined on a GPU, where nothing was measured. */
export function statedRate({ kind, engine, workers, threads }: RatedDevice): number | undefined {
  const ofThread = kind === 'cpu' ? OF_A_THREAD[engine] : undefined;
  return ofThread && ofThread * workers * threads;
}
