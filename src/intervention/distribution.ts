/** P(token) over the vocabulary, at the position that a query asks at. */
export type Distribution = Float32Array;

/** How an answer stands: in one distribution, or where it is several tokens, in one for each. */
export interface AnswerStanding {
  /** Of several tokens the product of theirs, each with what stands before it in place. */
  readonly probability: number;
  /** 1 + the number of tokens that are more probable; of several tokens the worst, which is the highest, of theirs. */
  readonly rank: number;
}

/** How one token stands in a distribution. */
export function standingOf(answer: number, distribution: Distribution): AnswerStanding {
  const probability = distribution[answer];
  let rank = 1;
  // A loop: `reduce` takes many times as long, and the vocabulary is large.
  for (let token = 0; token < distribution.length; token++) if (distribution[token] > probability) rank++;
  return { probability, rank };
}

/**
 * How an answer of several tokens stands: the product of their probabilities, and the rank of the worst of them, so that it is
 * 1 where each token is the most probable in its place.
 */
export function standingOfTokens(standings: readonly AnswerStanding[]): AnswerStanding {
  return {
    probability: standings.reduce((product, { probability }) => product * probability, 1),
    rank: Math.max(...standings.map(({ rank }) => rank)),
  };
}

/** The most probable tokens, the lower id first where two are equal (sort is stable). */
export function topTokens(distribution: Distribution, count: number): { id: number; probability: number }[] {
  const ids = Array.from(distribution.keys()).sort((a, b) => distribution[b] - distribution[a]);
  return ids.slice(0, count).map(id => ({ id, probability: distribution[id] }));
}
