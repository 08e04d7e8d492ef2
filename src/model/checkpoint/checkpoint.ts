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

/** An open checkpoint: every tensor of all its shards, by name. Close it when the weights are read. */
export class Checkpoint {
  private constructor(
    private readonly files: readonly { path: string; handle: FileHandle }[],
    private readonly tensors: ReadonlyMap<string, { file: number; entry: TensorEntry }>,
    private readonly folder: string,
  ) {}

  static async open(folder: string): Promise<Checkpoint> {
    const files: { path: string; handle: FileHandle }[] = [];
    const tensors = new Map<string, { file: number; entry: TensorEntry }>();
    try {
      for (const name of await weightFiles(folder)) {
        const path = join(folder, name);
        const handle = await openPlainFile(path);
        files.push({ path, handle });
        for (const [tensor, entry] of await readSafetensorsHeader(handle, path)) {
          if (tensors.has(tensor)) throw new UserError(`${path}: tensor ${tensor} is in another shard too`);
          tensors.set(tensor, { file: files.length - 1, entry });
        }
      }
    } catch (error) {
      await Promise.all(files.map(({ handle }) => handle.close()));
      throw error;
    }
    return new Checkpoint(files, tensors, folder);
  }

  has(name: string): boolean {
    return this.tensors.has(name);
  }

  /**
   * @param before what stands before a layer's number in the names of its tensors
   * @param layers of config.json
   * @throws UserError, with both numbers, where the checkpoint has more layers or fewer; a lone tensor that is missing, or all of
   *   them, is for {@link read} to say
   */
  checkLayers(before: string, layers: number): void {
    let highest = -1;
    for (const name of this.tensors.keys()) {
      if (!name.startsWith(before)) continue;
      const number = /^\d+(?=\.)/.exec(name.slice(before.length))?.[0];
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
    return readFloats(file.handle, file.path, name, rows ? rowsOfEntry(entry, rows) : entry);
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
    const found = this.tensors.get(name);
    if (!found) {
      throw new UserError(
        `${this.folder}: the checkpoint has no tensor ${name}`,
        'kn needs the whole model with its language-model head, as BertForMaskedLM, GPT2LMHeadModel or GPTNeoForCausalLM saves it.',
      );
    }
    const { entry } = found;
    const file = this.files[found.file];
    if (entry.shape.join() !== shape.join()) {
      throw new UserError(
        `${file.path}: tensor ${name} has shape [${entry.shape}], where config.json makes it [${shape}]`,
      );
    }
    return { file, entry };
  }

  async close(): Promise<void> {
    await Promise.all(this.files.map(({ handle }) => handle.close()));
  }
}

/** Some rows of a tensor, as a tensor. */
function rowsOfEntry(
  entry: TensorEntry,
  { from, count }: { readonly from: number; readonly count: number },
): TensorEntry {
  const [rows, ...rest] = entry.shape;
  const bytes = (entry.end - entry.begin) / rows;
  const begin = entry.begin + from * bytes;
  return { ...entry, shape: [count, ...rest], begin, end: begin + count * bytes };
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
