/** What a neuron may be scored by. */
import type { Rule } from './rules.js';

export const METHODS = ['integrated_gradients', 'gradient_x_activation', 'activation'] as const;

export type Method = (typeof METHODS)[number];

/** `exact` computes every step of a rule; `interpolated` has its sum from as few points as what is asked takes. */
export const PATHS = ['interpolated', 'exact'] as const;

export type Path = (typeof PATHS)[number];

/** A method, with what it leaves open. */
export type AskedMethod =
  | {
      readonly method?: 'integrated_gradients';
      readonly rule: Rule;
      readonly steps: number;
      /** Default: `interpolated`. */
      readonly path?: Path;
    }
  | { readonly method: Exclude<Method, 'integrated_gradients'> };
