/** What a neuron may be scored by. */
import type { Rule } from './rules.js';

export const METHODS = ['integrated_gradients', 'gradient_x_activation', 'activation'] as const;

export type Method = (typeof METHODS)[number];

/** A method, with what it leaves open. */
export type AskedMethod =
  | { readonly method?: 'integrated_gradients'; readonly rule: Rule; readonly steps: number }
  | { readonly method: Exclude<Method, 'integrated_gradients'> };
