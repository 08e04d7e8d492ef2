import { differences } from './differences.js';
import { findWithKn, findWithScores } from './find-with-kn.js';
import type { Findings, Question } from './findings.js';
import type { ComparedFact } from './tally.js';
import type { Pair } from './trained-model.js';

/** Both on the same prompts, one after the other. */
export interface Round {
  readonly replication: Timing;
  readonly kn: Timing;
}

export interface Timing {
  readonly secondsPerPrompt: number;
  /** That the machine gave, of those asked for: fewer where something else was at work. */
  readonly cores: number;
}

export interface Rounds {
  readonly rounds: readonly Round[];
  /** What the first, untimed round found: it packs weights and fills caches. */
  readonly facts: readonly ComparedFact[];
}

/** Times both on one model and the same facts. They take turns, each waiting while the other computes, so that what else the machine does slows both. */
export async function timeRounds(
  { loaded, replication }: Pair,
  questions: readonly Question[],
  repetitions: number,
  onRound: (round: Round) => void,
): Promise<Rounds> {
  const each = async (find: (question: Question) => Promise<Findings>): Promise<Findings[]> => {
    const found: Findings[] = [];
    for (const question of questions) found.push(await find(question));
    return found;
  };
  const theirs = () => each(question => replication.find(question));
  const ours = () => findWithKn(loaded, questions);

  const first = { replication: await theirs(), kn: await each(question => findWithScores(loaded, question)) };
  await ours();
  const facts = questions.map((question, i) => ({
    question,
    kn: first.kn[i],
    differences: differences(question, first.kn[i], first.replication[i]),
  }));
  const rounds: Round[] = [];
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const round = { replication: timing(await theirs()), kn: timing(await ours()) };
    onRound(round);
    rounds.push(round);
  }
  return { rounds, facts };
}

/** Of the prompts of all facts together. */
export function timing(found: readonly Findings[]): Timing {
  const sum = (of: (findings: Findings) => number) =>
    found.reduce((total, findings) => total + of(findings), 0);
  const seconds = sum(findings => findings.seconds);
  return {
    secondsPerPrompt: seconds / sum(({ prompts }) => prompts.length),
    cores: sum(({ cpuSeconds }) => cpuSeconds) / seconds,
  };
}
