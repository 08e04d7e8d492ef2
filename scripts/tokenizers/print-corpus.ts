/** The sentences of the tokenizers' corpus, as a JSON list: what make-golden.py asks for. */
import { tokenizerCorpus } from '../../src/testing/tokenizer-corpus.js';

process.stdout.write(JSON.stringify(tokenizerCorpus().map(({ text }) => text)));
