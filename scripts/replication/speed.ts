import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../../src/errors.js';
import { type LoadedModel, loadModel } from '../../src/model/load.js';
import { TOKENIZER_FILES } from '../../src/model/tokenizer/load-tokenizer.js';
import { BERT_BASE, writeRandomBert } from '../bench/random-checkpoint.js';
import { differences } from './differences.js';
import { findWithKn } from './find-with-kn.js';
import type { Question } from './findings.js';
import { Replication, type ReplicationSettings } from './replication.js';
import { type ComparedFact, type Round, timing } from './report.js';

const TOKENS = 14;

/** Of 14 tokens in bert-base-uncased's vocabulary, each word one of them. */
const PROMPTS = [
  'the capital and the largest city of the country is [MASK].',
  'the government of the old kingdom has its seat in [MASK].',
  'people who live in the north often travel south to [MASK].',
  'for many years the king and his family lived in [MASK].',
];

export const MOST_PROMPTS = PROMPTS.length;

export interface Speed {
  readonly rounds: readonly Round[];
  /** What the first, untimed round found: with random weights too the neurons should be equal. */
  readonly fact: ComparedFact;
}

/**
 * Times both at bert-base-uncased's shape, on one checkpoint and the same prompts. They take turns, each waiting while
 * the other computes, so that what else the machine does slows both.
 */
export async function compareSpeed(
  settings: ReplicationSettings,
  { vocabulary, prompts, repetitions }: { vocabulary: string; prompts: number; repetitions: number },
  onRound: (round: Round) => void,
): Promise<Speed> {
  const question: Question = { prompts: PROMPTS.slice(0, prompts), answer: 'paris' };
  const folder = mkdtempSync(join(tmpdir(), 'kn-replication-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove); // Half a gigabyte, which an interrupted run must not leave behind.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
  let loaded: LoadedModel | undefined;
  let replication: Replication | undefined;
  try {
    await writeRandomBert(folder, BERT_BASE);
    for (const name of TOKENIZER_FILES) {
      if (existsSync(join(vocabulary, name))) copyFileSync(join(vocabulary, name), join(folder, name));
    }
    loaded = await loadModel(folder);
    for (const prompt of question.prompts) {
      const { length } = loaded.tokenizer.encode(prompt, BERT_BASE.max_position_embeddings).tokens;
      if (length !== TOKENS)
        throw new UsageError(
          `--vocabulary ${vocabulary}: "${prompt}" is ${length} tokens there, not ${TOKENS}`,
        );
    }
    replication = await Replication.start(settings, folder);

    // The first round packs weights and fills caches.
    const first = { kn: await findWithKn(loaded, question), replication: await replication.find(question) };
    const fact = { question, kn: first.kn, differences: differences(question, first.kn, first.replication) };

    const rounds: Round[] = [];
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const theirs = timing(await replication.find(question));
      const round = { replication: theirs, kn: timing(await findWithKn(loaded, question)) };
      onRound(round);
      rounds.push(round);
    }
    return { rounds, fact };
  } finally {
    replication?.close();
    loaded?.model.dispose();
    remove();
  }
}
