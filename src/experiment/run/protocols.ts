/**
 * What the two published experiments take where a user says nothing: docs/protocols.md compares them line by line.
 * `eleutherai` is the replication (pararel_evaluate.py, knowledge_neurons.py), `dai` Dai et al.'s own code
 * (src/1_run_mlm.sh, src/2_get_kn.py).
 */
import type { Rule } from '../../attribution/rules.js';
import type { ModelConfig } from '../../model/config.js';
import type { Site } from '../../model/language-model.js';

export const PROTOCOLS = ['eleutherai', 'dai'] as const;

export type Protocol = (typeof PROTOCOLS)[number];

export interface ProtocolDefaults {
  readonly rule: Rule;
  readonly steps: number;
  /** Of a prompt's highest score, for a coarse neuron. */
  readonly adaptiveThreshold: number;
  /** Of a fact's prompts, for a refined neuron: of one fact, and of each in a data set. */
  readonly shareOfFact: number;
  readonly shareOverData: number;
  /** The threshold and the share themselves are enough; a refined neuron is coarse in so many prompts at least. */
  readonly inclusive: boolean;
  readonly leastPrompts: number;
  /** Over a data set the share is tuned for each relation, and neurons are compared with those of the highest activations. */
  readonly baseline: { readonly adaptiveThreshold: number } | null;
}

export const PROTOCOL_DEFAULTS: Readonly<Record<Protocol, ProtocolDefaults>> = {
  eleutherai: {
    rule: 'riemann_endpoints',
    steps: 20,
    adaptiveThreshold: 0.3,
    shareOfFact: 0.5,
    shareOverData: 0.3,
    inclusive: false,
    leastPrompts: 1,
    baseline: null,
  },
  dai: {
    rule: 'riemann_left',
    steps: 20,
    adaptiveThreshold: 0.2,
    shareOfFact: 0.7,
    shareOverData: 0.7,
    inclusive: true,
    leastPrompts: 3,
    baseline: { adaptiveThreshold: 0.5 },
  },
};

/** Whose first matrix the replication hooks, `c_fc`, before its non-linearity (knowledge_neurons.py, `_get_transformer_layers` and on). */
const BEFORE_NONLINEARITY: readonly ModelConfig['architecture'][] = ['gpt2', 'gpt_neo'];

/** Where a protocol has a model's neurons: after the non-linearity, but where the replication takes them before it. */
export function usualSite(protocol: Protocol, architecture: ModelConfig['architecture']): Site {
  return protocol === 'eleutherai' && BEFORE_NONLINEARITY.includes(architecture) ? 'pre' : 'post';
}
