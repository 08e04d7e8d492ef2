import { it } from 'vitest';
import { startEngine } from '../runtime/engine.js';
import { ENGINES, type EngineName } from '../runtime/engine-names.js';

/** The engines that this machine can run; for each other one, a skipped test that says why. */
export async function enginesHere(): Promise<EngineName[]> {
  const here: EngineName[] = [];
  for (const engine of ENGINES) {
    try {
      await startEngine(engine);
      here.push(engine);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      it.skip(`on the ${engine} engine: skipped, since ${why}`, () => undefined);
    }
  }
  return here;
}
