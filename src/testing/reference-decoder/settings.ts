/** What config.json says, read as Python's configuration classes read it: a key that is missing has the class's own value. */
import { gelu, geluNew } from '../reference-loops.js';

export class Settings {
  constructor(private readonly json: Readonly<Record<string, unknown>>) {}

  /** @param missing what the class takes where there is no such key; default: there must be one */
  number(key: string, missing?: number): number {
    return this.optional(key, missing) ?? fail(`"${key}" is null`);
  }

  /** The same of a key that may be null. */
  optional(key: string, missing?: number | null): number | null {
    const value = key in this.json ? this.json[key] : missing;
    if (value === null || typeof value === 'number') return value;
    return fail(`"${key}" is no number`);
  }

  flag(key: string, missing: boolean): boolean {
    const value = this.json[key] ?? missing;
    return typeof value === 'boolean' ? value : fail(`"${key}" is neither true nor false`);
  }

  word(key: string, missing: string): string {
    const value = this.json[key] ?? missing;
    return typeof value === 'string' ? value : fail(`"${key}" is no word`);
  }

  /** Undefined where it is missing or null. */
  list(key: string): readonly unknown[] | undefined {
    const value = this.json[key] ?? undefined;
    if (value === undefined || Array.isArray(value)) return value;
    return fail(`"${key}" is no list`);
  }

  /** Settings within; empty where it is missing or null. */
  nested(key: string): Settings | undefined {
    const value = this.json[key];
    if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return undefined;
    return new Settings(Object.fromEntries(Object.entries(value)));
  }

  /** A function of transformers' ACT2FN. */
  activation(key: string, missing: string): (x: number) => number {
    const name = this.word(key, missing);
    return ACTIVATIONS[name] ?? fail(`no activation ${name}`);
  }
}

const silu = (x: number) => x / (1 + Math.exp(-x));

const ACTIVATIONS: Readonly<Record<string, (x: number) => number>> = {
  gelu,
  gelu_new: geluNew,
  gelu_fast: geluNew,
  gelu_pytorch_tanh: geluNew,
  relu: x => Math.max(x, 0),
  silu,
  swish: silu,
};

export function fail(why: string): never {
  throw new Error(why);
}
