import { openDataset } from '../../src/dataset/dataset.js';
import { UserError } from '../../src/errors.js';
import { loadModel } from '../../src/model/load.js';
import { answerIds } from '../../src/model/tokenizer/tokenizer.js';
import { differences } from './differences.js';
import { factsInTurn } from './facts.js';
import { findWithKn } from './find-with-kn.js';
import { Replication, type ReplicationSettings } from './replication.js';
import type { ComparedFact } from './report.js';

/** Both find the neurons of some facts of a data set in a trained model. */
export async function compareLists(
  settings: ReplicationSettings,
  { model: folder, data, facts: count }: { model: string; data: string; facts: number },
): Promise<ComparedFact[]> {
  const dataset = await openDataset(data);
  const loaded = await loadModel(folder);
  let replication: Replication | undefined;
  try {
    const facts = factsInTurn(dataset, loaded.tokenizer, count);
    if (facts.length === 0)
      throw new UserError(`${data}: no fact whose object is one token of the vocabulary of ${folder}`);
    replication = await Replication.start(settings, folder);
    const compared: ComparedFact[] = [];
    for (const { prompts, object } of facts) {
      // The token itself, since the replication takes what it is given for one.
      const answer = loaded.tokenizer.token(answerIds(loaded.tokenizer, object)[0]);
      const question = { prompts, answer };
      const kn = await findWithKn(loaded, question);
      compared.push({
        question,
        kn,
        differences: differences(question, kn, await replication.find(question)),
      });
    }
    return compared;
  } finally {
    replication?.close();
    loaded.model.dispose();
  }
}
