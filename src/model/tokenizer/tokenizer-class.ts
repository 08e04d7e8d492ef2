/** Which of transformers' classes a tokenizer belongs to: each has rules of its own beside what its files say. */
import { UserError } from '../../errors.js';

/** Those that kn builds. `TokenizersBackend` takes a tokenizer.json as it is; the others make theirs anew. */
export type TokenizerClass =
  | 'BertTokenizer'
  | 'GPT2Tokenizer'
  | 'GPTNeoXTokenizer'
  | 'GemmaTokenizer'
  | 'LlamaTokenizer'
  | 'Qwen2Tokenizer'
  | 'RobertaTokenizer'
  | 'TokenizersBackend'
  | 'XLMRobertaTokenizer';

/** By the `model_type` of config.json; there is none for llama. Source: transformers 5.18, TOKENIZER_MAPPING_NAMES. */
const OF_MODEL: ReadonlyMap<string, TokenizerClass> = new Map([
  ['bert', 'BertTokenizer'],
  ['distilbert', 'BertTokenizer'],
  ['gpt2', 'GPT2Tokenizer'],
  ['gpt_neo', 'GPT2Tokenizer'],
  ['gptj', 'GPT2Tokenizer'],
  ['opt', 'GPT2Tokenizer'],
  ['gpt_neox', 'GPTNeoXTokenizer'],
  ['gemma', 'GemmaTokenizer'],
  ['gemma2', 'GemmaTokenizer'],
  ['mistral', 'TokenizersBackend'],
  ['qwen2', 'Qwen2Tokenizer'],
  ['qwen3', 'Qwen2Tokenizer'],
  ['roberta', 'RobertaTokenizer'],
  ['xlm-roberta', 'XLMRobertaTokenizer'],
]);

/** Of these the class that published files name is not believed. */
const OWN_CLASS_COUNTS: readonly string[] = ['qwen2'];

/** By name, without a "Fast" at its end. */
const BY_NAME: ReadonlyMap<string, TokenizerClass> = new Map([
  ...[
    'BertTokenizer',
    'DistilBertTokenizer',
    'ElectraTokenizer',
    'MobileBertTokenizer',
    'SqueezeBertTokenizer',
  ].map(name => [name, 'BertTokenizer'] as const),
  ...['GPT2Tokenizer', 'GPTNeoXTokenizer', 'GemmaTokenizer', 'LlamaTokenizer', 'Qwen2Tokenizer'].map(
    name => [name, name] as [string, TokenizerClass],
  ),
  ['RobertaTokenizer', 'RobertaTokenizer'],
  ['BartTokenizer', 'RobertaTokenizer'],
  ['XLMRobertaTokenizer', 'XLMRobertaTokenizer'],
  ...['TokenizersBackend', 'PreTrainedTokenizer', 'PythonBackend', 'BloomTokenizer'].map(
    name => [name, 'TokenizersBackend'] as const,
  ),
]);

export interface ClassHints {
  /** Of config.json. */
  readonly modelType: string | undefined;
  /** `tokenizer_class` of tokenizer_config.json, or of config.json. */
  readonly named: string | undefined;
  /** Whether tokenizer_config.json has an `auto_map` with a tokenizer: code of its own. */
  readonly hasOwnCode: boolean;
}

/**
 * As transformers' AutoTokenizer chooses it.
 * @param path of the file that names it, for errors
 * @throws UserError, with the name, where it is one that kn does not build
 */
export function tokenizerClass({ modelType, named, hasOwnCode }: ClassHints, path: string): TokenizerClass {
  const ofModel = modelType === undefined ? undefined : OF_MODEL.get(modelType);
  const name = named?.replace(/Fast$/, '');
  if (!name) {
    if (hasOwnCode) throw refused(path, 'code of its own ("auto_map")');
    return ofModel ?? 'TokenizersBackend';
  }
  if (!hasOwnCode && ofModel !== undefined && name !== ofModel) {
    if (ofModel === 'TokenizersBackend') return ofModel;
    if (modelType !== undefined && OWN_CLASS_COUNTS.includes(modelType)) return ofModel;
  }
  const known = BY_NAME.get(name);
  if (known === undefined) throw refused(path, JSON.stringify(named));
  return known;
}

function refused(path: string, what: string): UserError {
  return new UserError(
    `${path}: its tokenizer is of the class ${what}, which has rules that kn does not build`,
    'Choose a model with another tokenizer: kn takes the ids that Python takes, or none.',
  );
}
