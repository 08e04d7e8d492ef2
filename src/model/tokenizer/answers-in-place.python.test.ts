/** Answers where they stand, in Python's tokenizers over whole sentences. KN_TEST_PYTHON names a Python that has transformers. */
import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { BERT_MINI, describeWith, GOLDEN_ENCODERS, GOLDEN_GPT2 } from '../../testing/shared.js';
import { readModelConfig } from '../config.js';
import { loadTokenizer } from './load-tokenizer.js';

const PYTHON = process.env.KN_TEST_PYTHON;

/** For each prompt and answer the tokens between the prompt's own in the whole sentence; null where these are others there. */
const PROGRAM = `
import json, sys
from transformers import AutoTokenizer
folder, asked = sys.argv[1], json.loads(sys.argv[2])
tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
ids = lambda text: tokenizer(text, add_special_tokens=False).input_ids
def between(prompt, answer):
    if tokenizer.mask_token is None:
        first, last = ids(prompt[:prompt.index("[MASK]")].rstrip()), []
        whole = ids(prompt[:prompt.index("[MASK]")] + answer)
    else:
        masked = ids(prompt.replace("[MASK]", tokenizer.mask_token))
        at = masked.index(tokenizer.mask_token_id)
        first, last = masked[:at], masked[at + 1:]
        whole = ids(prompt.replace("[MASK]", answer))
    end = len(whole) - len(last)
    found = whole[len(first):end]
    isAround = len(found) > 0 and whole[:len(first)] == first and whole[end:] == last
    lacking = tokenizer.mask_token is not None and tokenizer.unk_token_id in whole
    return found if isAround and not lacking else None
print(json.dumps([between(*pair) for pair in asked]))
`;

const ENDING = [
  'The capital of France is [MASK] .',
  'so it is [MASK]',
  'The capital ([MASK])',
  "a '[MASK]'",
  'anti[MASK]',
];
const PROMPTS = [
  ...ENDING,
  '[MASK] is the capital of France',
  ' [MASK] is it',
  '([MASK]) is in France',
  'in [MASK], France',
  "the [MASK]'s capital",
  'so anti[MASK] is the city',
  'the [MASK]is of',
  'pre-[MASK]-post',
  'x1[MASK]2',
  '東京は[MASK]の首都',
  'Paris , known as [MASK] , is in the country of France , and speaks of it',
];
const ANSWERS = [
  'Paris',
  'capital',
  'New York',
  'is',
  'St. Louis',
  '日本',
  "d'Ivoire",
  '123',
  'naïve',
  'Stockholm',
];

for (const folder of [...GOLDEN_ENCODERS, BERT_MINI, GOLDEN_GPT2])
  describeWith(folder, `answers where they stand, with ${basename(folder)}`, () => {
    it.skipIf(PYTHON === undefined)(
      "have the tokens that Python's tokenizer has between the prompt's own (needs KN_TEST_PYTHON)",
      { timeout: 60_000 },
      async () => {
        const config = await readModelConfig(folder);
        const tokenizer = await loadTokenizer(folder, config);
        const prompts = config.causal ? ENDING : PROMPTS;
        const asked = prompts.flatMap(prompt => ANSWERS.map(answer => [prompt, answer] as const));
        const args = ['-c', PROGRAM, folder, JSON.stringify(asked)];
        const { stdout } = await promisify(execFile)(PYTHON ?? '', args);
        const theirs: (number[] | null)[] = JSON.parse(stdout);
        let told = 0;
        for (const [i, [prompt, answer]] of asked.entries()) {
          const ids = theirs[i];
          if (ids === null) continue;
          told++;
          expect({ prompt, answer, ...tokenizer.lookUp(answer, prompt) }).toEqual({ prompt, answer, ids });
        }
        expect(told).toBeGreaterThan(20);
      },
    );
  });
