/**
 * What erasing and editing make of a neuron's value, a row of the second feed-forward matrix (Dai et al., 2021, section
 * 5). Pure functions of rows [hidden], computed in float64 and rounded once.
 */

/** What becomes of a neuron's value [hidden]. */
export type ValueRule = (value: Float32Array) => Float32Array;

/** What an erased value becomes: zeros, or the word embedding of the unknown token. */
export const ERASE_VALUES = ['zero', 'unk'] as const;
export type EraseValue = (typeof ERASE_VALUES)[number];

/**
 * How an edited value moves, from v to v - lambda1 t + lambda2 t', where t and t' are word embeddings:
 * - `eleutherai`: as it stands, t being what the model predicted (EleutherAI/knowledge-neurons, `modify_weights` in
 *   knowledge_neurons/knowledge_neurons.py)
 * - `paper`: lambda1 and lambda2 times ||v|| / ||t|| and ||v|| / ||t'||, t being the fact's answer (the authors' code,
 *   Hunter-DDM/knowledge-neurons, src/6_edit_knowledge_sampled.py)
 */
export const EDIT_RULES = ['eleutherai', 'paper'] as const;
export type EditRule = (typeof EDIT_RULES)[number];

export interface Lambdas {
  /** Of what goes. */
  readonly lambda1: number;
  /** Of what comes. */
  readonly lambda2: number;
}

/** EleutherAI's are in its code; the paper's in its section 5.1, those of the authors' code being arguments. */
export const LAMBDAS: Readonly<Record<EditRule, Lambdas>> = {
  eleutherai: { lambda1: 2, lambda2: 2 },
  paper: { lambda1: 1, lambda2: 8 },
};

/** Every value becomes `replacement`, or zeros where none is given. */
export function erased(replacement?: Float32Array): ValueRule {
  return ({ length }) => Float32Array.from({ length }, (_, i) => replacement?.[i] ?? 0);
}

/**
 * @param original t, the word embedding of what is to be forgotten
 * @param target t', the word embedding of what takes its place
 */
export function edited(
  rule: EditRule,
  { lambda1, lambda2 }: Lambdas,
  original: ArrayLike<number>,
  target: ArrayLike<number>,
): ValueRule {
  const [originalNorm, targetNorm] = [norm(original), norm(target)];
  return value => {
    const valueNorm = norm(value);
    const scale = (lambda: number, of: number) => {
      if (rule === 'eleutherai') return lambda;
      // An embedding of zeros, as [PAD] may have, adds nothing at any length.
      return of === 0 ? 0 : (lambda * valueNorm) / of;
    };
    const [less, more] = [scale(lambda1, originalNorm), scale(lambda2, targetNorm)];
    return value.map((v, i) => v - less * original[i] + more * target[i]);
  };
}

/**
 * The embedding of an answer of one token or several: the mean of theirs. Attribution takes the mean over an answer's
 * tokens too, and neurons work in the place of each. (The authors' facts are all of one. EleutherAI's rule takes the first of what goes and
 * of what comes.)
 * @param embeddings [hidden] each, one or more
 */
export function meanEmbedding(embeddings: readonly Float32Array[]): Float64Array {
  const sum = new Float64Array(embeddings[0].length);
  for (const embedding of embeddings)
    embedding.forEach((x, i) => {
      sum[i] += x;
    });
  return sum.map(x => x / embeddings.length);
}

function norm(vector: ArrayLike<number>): number {
  return Math.hypot(...Array.from(vector));
}
