import type { Part } from './parts/part.js';
import type { SpecialName, TokenizerConfig } from './special-tokens.js';
import type { TokenizerClass } from './tokenizer-class.js';

type Named = [token: string, id: number];

/** What belongs around a text. A tokenizer.json's own counts, but for the classes that know better. */
export function postProcessorOf(
  made: TokenizerClass,
  json: { readonly post_processor: Part | null } | undefined,
  config: TokenizerConfig,
  special: (name: SpecialName) => Named,
  has: (name: SpecialName) => boolean,
): Part | null {
  switch (made) {
    case 'BertTokenizer':
      return template([special('cls')], [special('sep')]);
    case 'RobertaTokenizer':
      return { type: 'RobertaProcessing', cls: special('cls'), sep: special('sep') };
    case 'XLMRobertaTokenizer':
      return template([special('bos')], [special('eos')]);
    default: {
      // Beside a tokenizer.json, what its configuration says of these two is not read.
      const own = json?.post_processor ?? null;
      const isSaid =
        json === undefined && (config.add_bos_token !== undefined || config.add_eos_token !== undefined);
      if (own !== null && !isSaid && made !== 'GPTNeoXTokenizer') return own;
      const says = (key: 'add_bos_token' | 'add_eos_token') => json === undefined && config[key] === true;
      return template(
        says('add_bos_token') && has('bos') ? [special('bos')] : [],
        says('add_eos_token') && has('eos') ? [special('eos')] : [],
      );
    }
  }
}

function template(before: readonly Named[], after: readonly Named[]): Part {
  const piece = ([token]: Named) => ({ SpecialToken: { id: token, type_id: 0 } });
  return {
    type: 'TemplateProcessing',
    single: [...before.map(piece), { Sequence: { id: 'A', type_id: 0 } }, ...after.map(piece)],
    pair: [],
    special_tokens: Object.fromEntries(
      [...before, ...after].map(([token, id]) => [token, { id: token, ids: [id], tokens: [token] }]),
    ),
  };
}
