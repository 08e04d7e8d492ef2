/** A WordPiece vocabulary for the demo: whole words of the demo data, and single characters for all other text. */
import type { Fact } from '../../src/dataset/fact.js';

const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const CHARACTERS = [...'abcdefghijklmnopqrstuvwxyz0123456789'];
const PUNCTUATION = [...'!"#$%&\'()*+,-./:;<=>?@[]^_`{|}~'];

export function demoVocabulary(facts: readonly Fact[]): string[] {
  const texts = facts.flatMap(({ object, prompts }) => [
    object,
    ...prompts.map(prompt => prompt.replace('[MASK]', ' ')),
  ]);
  const words = texts.flatMap(text => text.toLowerCase().match(/[a-z0-9]+/g) ?? []);
  const ordered = [...SPECIAL, ...PUNCTUATION, ...CHARACTERS, ...CHARACTERS.map(c => `##${c}`), ...words];
  return [...new Set(ordered)];
}
