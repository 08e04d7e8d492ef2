/** P(token) over the vocabulary, at the position that a query asks at. */
export type Distribution = Float32Array;

/** What a distribution says of one answer. */
export interface AnswerStanding {
  readonly probability: number;
  /** 1 where no token is more probable. */
  readonly rank: number;
}

/** How one token stands in a distribution. */
export function standingOf(answer: number, distribution: Distribution): AnswerStanding {
  const probability = distribution[answer];
  return { probability, rank: 1 + distribution.reduce((above, p) => above + (p > probability ? 1 : 0), 0) };
}

/** How an answer of several tokens stands: the product of their probabilities, and the lowest place that one has. */
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
