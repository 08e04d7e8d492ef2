/** What is known of the GPU before any prompt is timed: whether its numbers are right, and how fast it multiplies matrices. */
import { UserError } from '../../src/errors.js';
import type { EngineName } from '../../src/runtime/engine-names.js';
import type { Adapter } from '../../src/runtime/engines/webgpu-adapters.js';
import { accuracyOf } from '../../src/setup/accuracy.js';
import { type Probe, probe } from '../../src/setup/probe.js';
import { operationsOf, type ProductShape } from '../../src/setup/product-rate.js';
import type { Accuracy, Device } from './figures.js';

/** Compares the demo model's scores with the processor's. */
export async function compareWithWasm(): Promise<Accuracy> {
  const [webgpu, wasm] = await Promise.all([demoScores('webgpu'), demoScores('wasm')]);
  return accuracyOf(webgpu, wasm);
}

async function demoScores(engine: EngineName) {
  const { scores } = await tryOut({ engine, bench: false, scores: true });
  if (!scores) throw new Error('a probe without its scores');
  return scores;
}

/** @param shapes in ascending order of work */
export async function measureProducts(
  { vendor, architecture, driver, maxBufferBytes }: Adapter,
  shapes: readonly ProductShape[],
): Promise<Device> {
  const asked = { engine: 'webgpu', bench: true, products: shapes, scores: false } as const;
  const { version, gigaflops, products } = await tryOut(asked);
  if (!products || gigaflops === null) throw new Error('a probe without its products');
  return {
    vendor,
    architecture,
    driver,
    engine: version,
    maxBufferBytes,
    products: products.map(({ shape: [rows, inner, columns], gigaflops }) => ({
      rows,
      inner,
      columns,
      teraflops: gigaflops / 1000,
    })),
    productRate: gigaflops / 1000,
  };
}

/** @throws UserError where the engine does not do it: there is nothing to report then */
async function tryOut(asked: Probe) {
  const result = await probe(asked);
  if (result.usable) return result;
  throw new UserError(result.why, 'Nothing could be measured.');
}

/** Square ones, and those of a pass of the smallest and the largest batch through a layer, in ascending order of work. */
export function productShapes(
  batches: readonly number[],
  rowsOfPrompt: number,
  { hiddenSize, intermediateSize }: { readonly hiddenSize: number; readonly intermediateSize: number },
): ProductShape[] {
  const ends = new Set([Math.min(...batches), Math.max(...batches)]);
  const own = [...ends].flatMap((batch): ProductShape[] => {
    const rows = batch * rowsOfPrompt;
    return [
      [rows, hiddenSize, hiddenSize],
      [rows, hiddenSize, intermediateSize],
      [rows, intermediateSize, hiddenSize],
    ];
  });
  const square = [256, 512, 1024, 2048, 4096].map((size): ProductShape => [size, size, size]);
  return [...square, ...own].sort((a, b) => operationsOf(a) - operationsOf(b));
}
