import { MASK } from '../../dataset/prompt.js';
import { UserError } from '../../errors.js';
import type { CheckedTokenizer } from './checked-tokenizer.js';

/** A mask, and the token for what the vocabulary lacks, as BERT and as RoBERTa write them. */
const NAMES = [
  { mask: MASK, unknown: '[UNK]' },
  { mask: '<mask>', unknown: '<unk>' },
];

/** The mask of a masked model's tokenizer, and its token for what the vocabulary lacks. */
export interface MaskedSpecials {
  readonly mask: string;
  readonly maskId: number;
  readonly unknownId: number | undefined;
}

/** @throws UserError where the vocabulary has no mask */
export function maskedSpecials(tokenizer: Pick<CheckedTokenizer, 'idOf'>): MaskedSpecials {
  for (const { mask, unknown } of NAMES) {
    const maskId = tokenizer.idOf(mask);
    if (maskId !== undefined) return { mask, maskId, unknownId: tokenizer.idOf(unknown) };
  }
  throw new UserError('the tokenizer has no mask token', 'Choose a masked language model.');
}
