import { join } from 'node:path';
import { describe } from 'vitest';
import { fuzzFile } from '../../testing/fuzz/fuzz-reader.js';
import { askedFact } from './fact-request.js';

const FILES = {
  'prompts.txt': '\ufeffFrance is governed from [MASK].\nThe capital of France is [MASK].\n',
  'negatives.txt': 'Peru is governed from [MASK].\n',
};

describe('prompts', () => {
  for (const file of Object.keys(FILES))
    fuzzFile(file, {
      files: FILES,
      file,
      read: folder =>
        askedFact({
          answer: 'paris',
          prompts: join(folder, 'prompts.txt'),
          negativePrompts: join(folder, 'negatives.txt'),
        }),
    });
});
