/** The process that device.ts starts to ask the device what it is and how fast it multiplies. */
import { parseBertConfig } from '../../src/model/bert/config.js';
import { serve } from './child.js';
import { deviceArgumentSchema } from './device.js';
import { startGpu } from './gpu.js';
import { productRates, productShapes } from './product-rates.js';
import { SHAPES, STEPS, TOKENS } from './shapes.js';

await serve(deviceArgumentSchema, async ({ shape, batches }) => {
  const { backend, engine } = await startGpu();
  const { limits, adapterInfo } = backend.device;
  const { vendor, architecture, description } = adapterInfo;
  const rates = await productRates(
    productShapes(batches, TOKENS * STEPS, parseBertConfig(SHAPES[shape], shape)),
  );
  return {
    vendor,
    architecture,
    driver: description,
    engine,
    maxBufferBytes: Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize),
    products: rates.map(({ shape: [rows, inner, columns], teraflops }) => ({
      rows,
      inner,
      columns,
      teraflops,
    })),
    productRate: Math.max(...rates.map(({ teraflops }) => teraflops)),
  };
});
