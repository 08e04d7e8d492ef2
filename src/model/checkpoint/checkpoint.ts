import { createHash } from 'node:crypto';
import { type FileHandle, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../errors.js';
import { fileExists, nameIsTaken, readJsonFile } from '../../files.js';
import { counted } from '../../numbers.js';
import { bytesOfFile, openPlainFile } from '../../plain-file.js';
import { readFloats, readSafetensorsHeader, type TensorEntry } from './safetensors.js';

export const WEIGHTS_FILE = 'model.safetensors';
export const WEIGHTS_INDEX_FILE = 'model.safetensors.index.json';

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

/** The names of the files that hold a folder's weights, in order. */
export async function weightFiles(folder: string): Promise<string[]> {
  if (await nameIsTaken(join(folder, WEIGHTS_FILE))) return [WEIGHTS_FILE];
  if (await nameIsTaken(join(folder, WEIGHTS_INDEX_FILE))) {
    return shardsOfIndex(
      await readJsonFile(join(folder, WEIGHTS_INDEX_FILE)),
      join(folder, WEIGHTS_INDEX_FILE),
    );
  }
  const pickled = (await readdir(folder)).filter(name => name.endsWith('.bin') || name.endsWith('.pt'));
  throw pickled.length > 0 ? refusePickle(join(folder, pickled[0])) : noWeights(folder);
}

/** @throws UserError where `index` is not a shard index, or names a file outside its own folder */
export function shardsOfIndex(index: unknown, path: string): string[] {
  const parsed = indexSchema.safeParse(index);
  if (!parsed.success) throw new UserError(`${path}: not an index of safetensors shards (no "weight_map")`);
  const shards = [...new Set(Object.values(parsed.data.weight_map))].sort();
  for (const shard of shards) {
    if (basename(shard) !== shard || !shard.endsWith('.safetensors')) {
      throw new UserError(`${path}: "${shard}" is no name of a safetensors file beside it`);
    }
  }
  return shards;
}

export function refusePickle(path: string): UserError {
  return new UserError(
    `${path}: a .bin checkpoint holds pickled Python code, which kn does not run`,
    'Convert it where you trust it: python -c "from transformers import AutoModelForMaskedLM as M; ' +
      "M.from_pretrained('FOLDER').save_pretrained('NEW', safe_serialization=True)\"",
  );
}

function noWeights(folder: string): UserError {
  return new UserError(
    `${folder}: no ${WEIGHTS_FILE} and no ${WEIGHTS_INDEX_FILE}`,
    'A model is a folder in the Hugging Face layout: config.json, model.safetensors, tokenizer.json or vocab.txt.',
  );
}

interface StoredTensor {
  /** As the file has it. */
  readonly name: string;
  readonly file: number;
  readonly entry: TensorEntry;
}

/** Elements that are compared at a time. */
const PART = 1 << 20;

/** A part of a tensor, in elements or in rows, of which it has `all`. */
function partOf(entry: TensorEntry, all: number, from: number, to: number): TensorEntry {
  const size = (entry.end - entry.begin) / all;
  return { ...entry, begin: entry.begin + from * size, end: entry.begin + to * size };
}

/** A tensor's name without the bare model's before it. */
function withoutBase(name: string, base: string | undefined): string {
  if (base === undefined || !name.startsWith(`${base}.`)) return name;
  return withoutBase(name.slice(base.length + 1), base);
}

/** An open checkpoint: every tensor of all its shards, by name. Close it when the weights are read. */
export class Checkpoint {
  /** What people should know of the weights that were read. */
  readonly notices: string[] = [];

  private constructor(
    private readonly files: readonly { path: string; handle: FileHandle }[],
    private readonly tensors: ReadonlyMap<string, StoredTensor>,
    private readonly folder: string,
    private readonly base: string | undefined,
  ) {}

  /**
   * @param base what the names of the bare model's tensors begin with ("bert"); as in transformers it may be lacking, and stand before
   *   those of the head too
   */
  static async open(folder: string, base?: string): Promise<Checkpoint> {
    const files: { path: string; handle: FileHandle }[] = [];
    const tensors = new Map<string, StoredTensor>();
    try {
      for (const name of await weightFiles(folder)) {
        const path = join(folder, name);
        const handle = await openPlainFile(path);
        files.push({ path, handle });
        for (const [name, entry] of await readSafetensorsHeader(handle, path)) {
          const bare = withoutBase(name, base);
          const other = tensors.get(bare)?.name;
          if (other === name) throw new UserError(`${path}: tensor ${name} is in another shard too`);
          if (other !== undefined)
            throw new UserError(
              `${path}: tensors ${other} and ${name} are two names of one, and only one can be meant`,
            );
          tensors.set(bare, { name, file: files.length - 1, entry });
        }
      }
    } catch (error) {
      await Promise.all(files.map(({ handle }) => handle.close()));
      throw error;
    }
    return new Checkpoint(files, tensors, folder, base);
  }

  has(name: string): boolean {
    return this.tensors.has(withoutBase(name, this.base));
  }

  /** A tensor's name as the checkpoint has it, where it does. */
  nameOf(name: string): string {
    return this.tensors.get(withoutBase(name, this.base))?.name ?? name;
  }

  /**
   * @param before what stands before a layer's number in the names of its tensors
   * @param layers of config.json
   * @throws UserError, with both numbers, where the checkpoint has more layers or fewer; a lone tensor that is missing, or all of
   *   them, is for {@link read} to say
   */
  checkLayers(before: string, layers: number): void {
    const bare = withoutBase(before, this.base);
    let highest = -1;
    for (const name of this.tensors.keys()) {
      if (!name.startsWith(bare)) continue;
      const number = /^\d+(?=\.)/.exec(name.slice(bare.length))?.[0];
      if (number !== undefined) highest = Math.max(highest, Number(number));
    }
    if (highest === -1 || highest + 1 === layers) return;
    throw new UserError(
      `${this.folder}: the checkpoint has ${counted(highest + 1, 'layer')}, and config.json says ${layers}`,
      'config.json and the weights are not of one model: take both from where the model is from.',
    );
  }

  /**
   * The values of one tensor, row by row.
   * @param shape what the architecture expects
   * @param rows which of them; default: all
   * @throws UserError, naming the tensor, where it is missing or has another shape
   */
  async read(
    name: string,
    shape: readonly number[],
    rows?: { readonly from: number; readonly count: number },
  ): Promise<Float32Array> {
    const { file, entry } = this.find(name, shape);
    const [height] = shape;
    const { from, count } = rows ?? { from: 0, count: height };
    const part = partOf(entry, height, from, from + count);
    return readFloats(file.handle, file.path, this.nameOf(name), part);
  }

  /**
   * Whether two tensors of one shape have the same values. A part of each is in memory at a time.
   * @throws UserError as {@link read} does
   */
  async areEqual(one: string, other: string, shape: readonly number[]): Promise<boolean> {
    const [a, b] = [this.find(one, shape), this.find(other, shape)];
    const elements = shape.reduce((product, n) => product * n, 1);
    for (let from = 0; from < elements; from += PART) {
      const to = Math.min(elements, from + PART);
      const left = await readFloats(a.file.handle, a.file.path, one, partOf(a.entry, elements, from, to));
      const right = await readFloats(b.file.handle, b.file.path, other, partOf(b.entry, elements, from, to));
      if (!left.every((value, i) => value === right[i])) return false;
    }
    return true;
  }

  /**
   * Where one tensor is: in which of the folder's files, and which of its bytes.
   * @throws UserError as {@link read} does
   */
  placeOf(name: string, shape: readonly number[]): { readonly file: string; readonly entry: TensorEntry } {
    const { file, entry } = this.find(name, shape);
    return { file: basename(file.path), entry };
  }

  private find(name: string, shape: readonly number[]) {
    const found = this.tensors.get(withoutBase(name, this.base));
    if (!found) {
      throw new UserError(
        `${this.folder}: the checkpoint has no tensor ${name}`,
        this.tensors.has(`module.${name}`)
          ? `It has module.${name}, as torch.nn.DataParallel names it: save model.module instead (transformers does not read these names either).`
          : 'kn needs the whole model with its language-model head, as the ...ForMaskedLM and ...ForCausalLM classes of transformers save it.',
      );
    }
    const { entry } = found;
    const file = this.files[found.file];
    if (entry.shape.join() !== shape.join()) {
      throw new UserError(
        `${file.path}: tensor ${found.name} has shape [${entry.shape}], where config.json makes it [${shape}]`,
      );
    }
    return { file, entry };
  }

  async close(): Promise<void> {
    await Promise.all(this.files.map(({ handle }) => handle.close()));
  }
}

/**
 * Looks at the weights of a folder without reading them.
 * @throws UserError where there are none, or a file's header says that they are cut off or no weights
 */
export async function checkWeights(folder: string): Promise<void> {
  await (await Checkpoint.open(folder)).close();
}

/** Those of some names that a folder has. */
export async function presentFiles(folder: string, names: readonly string[]): Promise<string[]> {
  const present: string[] = [];
  for (const name of names) if (await fileExists(join(folder, name))) present.push(name);
  return present;
}

/** SHA-256 over files of a folder, in the given order: one line that says what a result came from. */
export async function hashFiles(folder: string, names: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const name of names) for await (const bytes of bytesOfFile(join(folder, name))) hash.update(bytes);
  return hash.digest('hex');
}
