/** What every engine of this folder is. */
import type { UserError } from '../../errors.js';
import type { EngineName } from '../engine-names.js';

export interface Engine {
  readonly name: EngineName;
  /** What computes, with its version: part of what decides a result's last digits. */
  readonly version: string;
  /** Why it does not use the GPU that it is made for; undefined where it does, or is made for none. */
  readonly notice?: string;
  /** Whether it computes on a GPU through CUDA. */
  readonly gpu?: true;
}

/** Called where an engine stops for good, in the middle of its work, as one on a GPU may. */
export type OnLoss = (error: UserError) => void;
