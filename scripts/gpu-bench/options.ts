/** The command line of the benchmark. */
import { parseArgs } from 'node:util';
import { UsageError } from '../../src/errors.js';
import { type ShapeName, shapeNames } from './shapes.js';

export interface Options {
  readonly shape: ShapeName;
  readonly batches: readonly number[];
  readonly workers: readonly number[];
  readonly minutes: number;
  /** A file for all figures; undefined: none. */
  readonly json: string | undefined;
}

export const HELP = `Usage: gpu-bench [options]

How fast knowledge-neurons attributes prompts on this machine's GPU, at bert-base's shape with random weights, prompts of
14 tokens and 20 steps; whether its numbers are those of the processor; and how long the whole of PARAREL would take.

  --batches N,...    prompts that go through the GPU at once (1,2,4,8,16,32,64)
  --workers N,...    processes that share the GPU (1,2)
  --minutes N        begin nothing more after so long (8)
  --json FILE        write all figures, after each line of the table
  --shape NAME       bert-base, or tiny, which shows that the program works and says nothing of speed (bert-base)
  -h, --help         this

Environment:
  KN_WEBGPU_ADAPTER  the GPU's number, or part of its name, where there are several
  VK_DRIVER_FILES    the Vulkan driver's manifest, where none is found
  TMPDIR             a folder with room for 450 MB (/tmp)

Exit code: 0 measured, 1 no GPU, or its numbers are wrong, or nothing could be measured, 2 a wrong option.
`;

/** @returns undefined where help is asked for */
export function readOptions(argv: readonly string[]): Options | undefined {
  const { batches, workers, minutes, json, shape, help } = parse(argv);
  if (help) return undefined;
  if (!isShape(shape)) {
    throw usage(`--shape ${shape}: no such shape`, `There are: ${shapeNames.join(', ')}.`);
  }
  const limit = Number(minutes);
  if (!(limit > 0 && limit < Number.POSITIVE_INFINITY))
    throw usage(`--minutes ${minutes}: not a number over 0`);
  return {
    shape,
    batches: counts('batches', batches),
    workers: counts('workers', workers),
    minutes: limit,
    json,
  };
}

function parse(argv: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        batches: { type: 'string', default: '1,2,4,8,16,32,64' },
        workers: { type: 'string', default: '1,2' },
        minutes: { type: 'string', default: '8' },
        json: { type: 'string' },
        shape: { type: 'string', default: 'bert-base' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return { json: undefined, ...values };
  } catch (error) {
    // Of Node's message, what is wrong; the rest is how it would let a file's name begin with a dash.
    throw usage(error instanceof Error ? error.message.split(/\. |\n/)[0] : String(error));
  }
}

/** Different whole numbers, the small ones first: what fits in memory is measured before what may not. */
function counts(name: string, words: string): number[] {
  const numbers = words.split(',').map(Number);
  if (!numbers.every(number => Number.isInteger(number) && number >= 1)) {
    throw usage(`--${name} ${words}: not whole numbers over 0 with commas between them`);
  }
  return [...new Set(numbers)].sort((a, b) => a - b);
}

function isShape(name: string): name is ShapeName {
  return shapeNames.some(shape => shape === name);
}

function usage(message: string, remedy = 'gpu-bench --help explains the options.'): UsageError {
  return new UsageError(message, remedy);
}
