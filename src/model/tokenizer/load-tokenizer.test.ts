/** Tokenizer files that are not what they should be: one clear line each, and no stack. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEMO_MODEL } from '../../embedded.js';
import { UserError } from '../../errors.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { loadTokenizer } from './load-tokenizer.js';

interface TokenizerJson {
  added_tokens: unknown;
  model: { vocab: Record<string, unknown> };
  [part: string]: unknown;
}

/** A folder with the demo's tokenizer after `change`. */
function folderWith(change: (json: TokenizerJson) => void): string {
  const folder = temporaryFolder();
  const json: TokenizerJson = JSON.parse(readFileSync(join(DEMO_MODEL, 'tokenizer.json'), 'utf8'));
  change(json);
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(json));
  return folder;
}

const load = (folder: string) => loadTokenizer(folder, { vocabularySize: 882, causal: false });

describe('a tokenizer.json', () => {
  it.each([
    ['a fraction', 1.5, 'the id of the token "paris" is 1.5, and not a whole number from 0'],
    ['negative', -1, 'the id of the token "paris" is -1, and not a whole number'],
    ['no number', '7', 'the id of the token "paris" is "7", and not a whole number'],
    ['null', null, 'the id of the token "paris" is null, and not a whole number'],
    ['far beyond the model', 1e9, "knows token 1000000000, and the model's vocabulary ends at 881"],
    ['that of another token', 5, 'have the id 5 both'],
  ])('is refused where an id is %s', async (_, id, message) => {
    const folder = folderWith(({ model }) => {
      model.vocab.paris = id;
    });
    const refused = load(folder);
    await expect(refused).rejects.toThrow(UserError);
    await expect(refused).rejects.toThrow(`${join(folder, 'tokenizer.json')}: `);
    await expect(refused).rejects.toThrow(message);
  });

  it.each([
    [
      [
        { id: 4, content: '[MASK]' },
        { id: 5, content: '[X]' },
      ],
      'have the id 5 both',
    ],
    [[{ id: 7, content: '[MASK]' }], 'have the id 7 both'],
    [[{ id: 881, content: '[MASK]' }], '"[MASK]" has two ids, 4 and 881'],
  ])('is refused where %j are added to other tokens or with other ids', async (added, message) => {
    const folder = folderWith(json => {
      json.added_tokens = added;
      for (const [token, id] of Object.entries(json.model.vocab))
        if (id === 881) delete json.model.vocab[token];
    });
    await expect(load(folder)).rejects.toThrow(message);
  });

  it.each<readonly [part: string, value: unknown]>([
    ['added_tokens', [{ id: 1.5, content: '[X]' }]],
    ['added_tokens', [{ id: 1e9, content: '[X]' }]],
    ...['added_tokens', 'normalizer', 'pre_tokenizer', 'post_processor', 'decoder', 'model'].flatMap(part =>
      [7, 'text', [7], { type: 'Unheard' }, {}].map(value => [part, value] as const),
    ),
    ['post_processor', { type: 'TemplateProcessing', single: [7], pair: [], special_tokens: {} }],
    ['pre_tokenizer', { type: 'Sequence', pretokenizers: 7 }],
    ['normalizer', { type: 'Sequence', normalizers: [7] }],
    ['model', { type: 'WordPiece', vocab: [7] }],
  ])('is refused, or taken, and never ends in a stack, where its %s is %j', async (part, value) => {
    const folder = folderWith(json => {
      json[part] = value;
    });
    const tokenizer = await load(folder).catch((error: unknown) => {
      expect(error).toBeInstanceOf(UserError);
    });
    if (tokenizer) expect(() => tokenizer.encode('paris is in [MASK].', 64)).not.toThrow(TypeError);
  });

  it.each([
    ['tokenizer.json', '7', 'not a tokenizer'],
    ['tokenizer.json', '{"model":{"vocab":{"a":0,"a":1}}}', '"a" stands twice in one object'],
    ['tokenizer_config.json', '7', 'not the configuration of a tokenizer (not a JSON object)'],
    ['tokenizer_config.json', '[]', 'not the configuration of a tokenizer (not a JSON object)'],
    ['tokenizer_config.json', '{"a":1,"a":2}', '"a" stands twice in one object'],
  ])('is refused where %s is %s', async (name, content, message) => {
    const folder = folderWith(() => undefined);
    writeFileSync(join(folder, name), content);
    await expect(load(folder)).rejects.toThrow(UserError);
    await expect(load(folder)).rejects.toThrow(`${join(folder, name)}: ${message}`);
  });
});
