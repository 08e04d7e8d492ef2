/** What the device is, in its driver's words, and how fast it multiplies matrices. */
import { z } from 'zod';
import { Child } from './child.js';
import { type Device, deviceSchema } from './figures.js';
import { type ShapeName, shapeNames } from './shapes.js';

export const deviceArgumentSchema = z.object({
  shape: z.enum(shapeNames),
  batches: z.array(z.number()),
});

/** @param batches whose products are among those measured */
export async function askDevice(shape: ShapeName, batches: readonly number[]): Promise<Device> {
  const child = Child.start('device-child', { shape, batches });
  try {
    return await child.answer(deviceSchema);
  } finally {
    await child.end();
  }
}
