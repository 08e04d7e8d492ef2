import { beforeAll, describe, expect, it } from 'vitest';
import { DEMO_MODEL } from '../../embedded.js';
import { erased } from '../../intervention/value-rules.js';
import { type LoadedModel, loadModel } from '../../model/load.js';
import type { Neuron } from '../../neurons/neuron.js';
import { startEngine } from '../../runtime/engine.js';
import { WeightsInDoubt, withChangedValues } from './changed-values.js';

const NEURONS: Neuron[] = [
  [0, 5],
  [1, 7],
];

describe("neurons' values, while some work is done", () => {
  let demo: LoadedModel;
  beforeAll(async () => {
    await startEngine('wasm');
    demo = await loadModel(DEMO_MODEL);
  });
  const values = async () => [
    ...(await demo.model.readValues(0, [5])),
    ...(await demo.model.readValues(1, [7])),
  ];
  /** Makes the `nth` write from now on fail. */
  const failAt = (nth: number) => {
    const { model } = demo;
    const write = model.writeValues.bind(model);
    let writes = 0;
    model.writeValues = async (layer, rows) => {
      if (++writes === nth) throw new Error('the memory is broken');
      return write(layer, rows);
    };
    return () => {
      model.writeValues = write;
    };
  };

  it('are what the rule makes of them, and then what they were, bit for bit', async () => {
    const before = await values();
    const during = await withChangedValues(demo.model, NEURONS, erased(), values);
    expect(during.flatMap(row => [...row]).every(value => value === 0)).toBe(true);
    expect(await values()).toEqual(before);
  });

  it('are put back where the work fails, and its error is handed on', async () => {
    const before = await values();
    const work = async () => {
      throw new RangeError('no such thing');
    };
    await expect(withChangedValues(demo.model, NEURONS, erased(), work)).rejects.toThrow(RangeError);
    expect(await values()).toEqual(before);
  });

  it.each([
    ['changed', 2],
    ['put back', 3],
  ])('are in doubt where they cannot be %s', async (_, nth) => {
    const mend = failAt(nth);
    const changed = withChangedValues(demo.model, NEURONS, erased(), async () => 'done');
    await expect(changed).rejects.toThrow(WeightsInDoubt);
    await expect(changed).rejects.toThrow('the memory is broken');
    mend();
    demo.model.dispose();
    demo = await loadModel(DEMO_MODEL);
  });
});
