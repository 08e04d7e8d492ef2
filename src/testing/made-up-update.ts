import type { FactKey } from '../dataset/fact.js';
import type { MeasuredUpdate } from '../experiment/update/record.js';

/** A fact of the name `uuid`. */
export const fact = (uuid: string, object: string, relation = 'P36'): FactKey => ({
  uuid,
  relation,
  subject: `subject of ${uuid}`,
  object,
});

/** An update as it was measured, two prompts a set. Answer and target: probability and rank by prompt; log-perplexities in nats. */
export const measured = (
  answer: [number, number][],
  target: [number, number][],
  [same, other]: [number, number],
): MeasuredUpdate => {
  const columns = (pairs: [number, number][]) => ({
    probability: pairs.map(([probability]) => probability),
    rank: pairs.map(([, rank]) => rank),
  });
  const set = (log_perplexity: number) => ({ log_perplexity, accuracy: 1, prompts: 2 });
  return { answer: columns(answer), target: columns(target), same: set(same), other: set(other) };
};
