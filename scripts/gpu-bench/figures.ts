/** What is measured, as --json writes it. */
import { z } from 'zod';
import { PATHS } from './shapes.js';

const count = z.int().positive();
const figure = z.number().positive();

const measuredSchema = z.object({
  state: z.literal('measured'),
  /** Processes that shared the GPU. */
  workers: count,
  /** Prompts that each of them put through it at once. */
  batch: count,
  path: z.enum(PATHS),
  /** Floating-point operations of the products that ran, counted as they did. */
  operationsPerPrompt: figure,
  /** Of all workers together, as the three that follow. */
  promptsPerSecond: figure,
  secondsPerPrompt: figure,
  teraflops: figure,
  /** Of the product rate. */
  share: figure,
  hoursForPararel: figure,
  /** Programs that the GPU ran, and buffers made for them anew instead of taken from those that lay idle. */
  dispatchesPerPrompt: figure,
  buffersPerPrompt: z.number(),
  /** The most that one worker had of the GPU's memory, idle buffers included. */
  peakGpuBytes: figure,
  /** Processor cores that the workers kept busy: as many as workers where JavaScript, not the GPU, sets the pace. */
  busyCores: figure,
  /** Batches timed, in all workers. */
  timedBatches: count,
});

const unmeasuredSchema = z.object({
  state: z.enum(['failed', 'skipped']),
  workers: count,
  batch: count,
  path: z.enum(PATHS),
  why: z.string(),
});

const productSchema = z.object({ rows: count, inner: count, columns: count, teraflops: figure });

export const deviceSchema = z.object({
  vendor: z.string(),
  architecture: z.string(),
  /** The driver's own words on itself. */
  driver: z.string(),
  engine: z.string(),
  maxBufferBytes: figure,
  products: z.array(productSchema).nonempty(),
  /** TFLOPS of the fastest of these products. */
  productRate: figure,
});

const accuracySchema = z.object({
  prompts: count,
  /** ||scores - wasm's|| / ||wasm's||, and the largest difference over the largest score, of the worst prompt; null: no number. */
  relativeError: z.number().nullable(),
  largestError: z.number().nullable(),
  tolerance: figure,
  passed: z.boolean(),
});

export const figuresSchema = z.object({
  version: z.string(),
  node: z.string(),
  gpu: z.string(),
  /** How Vulkan's driver was found, and what else was seen of the machine. */
  found: z.string(),
  machine: z.array(z.string()),
  accuracy: accuracySchema,
  device: deviceSchema,
  shape: z.string(),
  tokens: count,
  steps: count,
  rule: z.string(),
  /** Floating-point operations of the exact path, by src/attribution/count-operations.ts. */
  exactOperationsPerPrompt: figure,
  pararelPrompts: count,
  rows: z.array(z.discriminatedUnion('state', [measuredSchema, unmeasuredSchema])),
});

export type Figures = z.infer<typeof figuresSchema>;
export type Row = Figures['rows'][number];
export type MeasuredRow = z.infer<typeof measuredSchema>;
export type Device = z.infer<typeof deviceSchema>;
export type Accuracy = z.infer<typeof accuracySchema>;
