/** Which facts can be asked, and by how many queries, where an answer has other tokens in other prompts. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { type Dataset, openDataset } from '../../dataset/dataset.js';
import { loadTokenizer } from '../../model/tokenizer/load-tokenizer.js';
import type { Tokenizer } from '../../model/tokenizer/tokenizer.js';
import { describeWith, GOLDEN_ROBERTA } from '../../testing/shared.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { askableFacts } from './askable-facts.js';

const MODEL = { maxTokens: 62, causal: false };

function folderOf(
  patterns: readonly string[],
  facts: readonly (readonly [subject: string, object: string])[],
) {
  const folder = temporaryFolder();
  const write = (name: string, lines: readonly object[]) => {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'P1.jsonl'), lines.map(line => JSON.stringify(line)).join('\n'));
  };
  write(
    'graphs_json',
    patterns.map(pattern => ({ pattern })),
  );
  write(
    'trex_lms_vocab',
    facts.map(([sub_label, obj_label], i) => ({ sub_label, obj_label, uuid: `u${i}` })),
  );
  return folder;
}

describeWith(GOLDEN_ROBERTA, 'facts that a RoBERTa is asked', () => {
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    tokenizer = await loadTokenizer(GOLDEN_ROBERTA, { vocabularySize: 425, causal: false });
  });
  // " capital" is a token, and "capital" at the start is several.
  const open = (): Promise<Dataset> =>
    openDataset(
      folderOf(
        ['[X] is the [Y] .', '[Y] is what [X] is .'],
        [
          ['Paris', 'capital'],
          ['London', 'Paris'],
          ['<mask>', 'Paris'],
          ['[MASK]', 'Paris'],
        ],
      ),
    );

  it('are as many queries as the answer has tokens in each prompt', async () => {
    const tokens = ['a [MASK]', '[MASK] a'].map(prompt => {
      const found = tokenizer.lookUp('capital', prompt);
      return 'ids' in found ? found.ids.length : 0;
    });
    expect(tokens[0]).toBe(1);
    expect(tokens[1]).toBeGreaterThan(1);
    const { facts, sizes } = askableFacts(await open(), tokenizer, MODEL, {
      maxAnswerTokens: Number.POSITIVE_INFINITY,
    });
    expect(facts.map(({ subject }) => subject)).toEqual(['Paris', 'London']);
    expect(sizes.get('u0')).toEqual({ queries: 1 + tokens[1], answerTokens: tokens[1] });
    expect(sizes.get('u1')).toEqual({ queries: 2, answerTokens: 1 });
  });

  it('are left out where the answer is longer than is wanted in any prompt, or the subject is a mask', async () => {
    const { facts, skipped } = askableFacts(await open(), tokenizer, MODEL, { maxAnswerTokens: 1 });
    expect(facts.map(({ subject }) => subject)).toEqual(['London']);
    expect(skipped.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^the object is \d tokens, and --max-answer-tokens is 1$/),
      expect.stringContaining('has 2 [MASK] or <mask>, where one is needed'),
      expect.stringContaining('has 2 [MASK] or <mask>, where one is needed'),
    ]);
  });
});
