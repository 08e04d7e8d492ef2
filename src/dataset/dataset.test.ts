import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEMO_DATA, DEMO_MODEL } from '../embedded.js';
import { loadTokenizer } from '../model/tokenizer/load-tokenizer.js';
import { describeWith, REAL_PARAREL } from '../testing/shared.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { openDataset } from './dataset.js';
import { causalPatterns, expandPrompts } from './fact.js';
import { inRelationOrder } from './relation-order.js';

const PATTERN = '{"pattern": "[X] is governed from [Y] .", "lemma": "govern"}\n';
const FACTS = [
  '{"sub_label": "France", "obj_label": "Paris", "uuid": "a"}',
  '{"sub_label": "Peru", "obj_label": "Lima", "uuid": "b"}',
  '',
].join('\n');

/** A data set of one or more relations; contents by "folder/relation". */
async function dataFolder(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, `${name}.jsonl`), content);
  }
  return folder;
}

const oneRelation = (patterns = PATTERN, facts = FACTS) =>
  dataFolder({ 'graphs_json/P36': patterns, 'trex_lms_vocab/P36': facts });

describe('a data set', () => {
  it('is facts with a prompt for each pattern', async () => {
    const dataset = await openDataset(await oneRelation());
    expect(dataset.facts.map(dataset.withPrompts)).toEqual([
      {
        uuid: 'a',
        relation: 'P36',
        subject: 'France',
        object: 'Paris',
        prompts: ['France is governed from [MASK] .'],
      },
      {
        uuid: 'b',
        relation: 'P36',
        subject: 'Peru',
        object: 'Lima',
        prompts: ['Peru is governed from [MASK] .'],
      },
    ]);
  });

  it('has its relations in the order of PARAREL, then the others by number', async () => {
    const fact = (uuid: string) => `{"sub_label": "x", "obj_label": "y", "uuid": "${uuid}"}`;
    const relations = ['P36', 'P39', 'P9000', 'P10', 'P937'];
    const files = relations.flatMap(r => [
      [`graphs_json/${r}`, PATTERN],
      [`trex_lms_vocab/${r}`, fact(r)],
    ]);
    const dataset = await openDataset(await dataFolder(Object.fromEntries(files)));
    expect(dataset.relations).toEqual(['P39', 'P36', 'P937', 'P10', 'P9000']);
    expect(inRelationOrder(['P30', 'P264', 'P39'])).toEqual(['P39', 'P264', 'P30']);
  });

  it('leaves out facts without patterns', async () => {
    const folder = await dataFolder({
      'graphs_json/P36': PATTERN,
      'trex_lms_vocab/P36': FACTS,
      'trex_lms_vocab/P31': FACTS,
    });
    expect((await openDataset(folder)).relations).toEqual(['P36']);
  });

  it('may be read in part: relations, so many facts of each, single facts', async () => {
    const relations = ['P36', 'P30'];
    const limited = await openDataset(DEMO_DATA, { relations, limit: 3 });
    expect(limited.facts.map(({ relation }) => relation)).toEqual(['P30', 'P30', 'P30', 'P36', 'P36', 'P36']);
    expect(limited.facts[3].subject).toBe('France');
    const one = await openDataset(DEMO_DATA, { facts: [limited.facts[4].uuid] });
    expect(one.facts).toEqual([limited.facts[4]]);
  });

  it('has a hash that changes with any byte of the relations that are read, and no other', async () => {
    const files = { 'graphs_json/P36': PATTERN, 'trex_lms_vocab/P36': FACTS, 'graphs_json/P30': PATTERN };
    const other = { ...files, 'trex_lms_vocab/P30': FACTS.replaceAll('"uuid": "', '"uuid": "x') };
    const hash = async (contents: Record<string, string>, relations = ['P36']) =>
      (await openDataset(await dataFolder(contents), { relations })).sha256;
    expect(await hash(files)).toBe(await hash(other));
    expect(await hash(files)).not.toBe(
      await hash({ ...files, 'graphs_json/P36': PATTERN.replace('govern"', 'rule"') }),
    );
    expect(await hash(other, ['P36', 'P30'])).not.toBe(await hash(other));
  });

  it('may have the byte order marks and line ends of an editor on Windows', async () => {
    const [patterns, facts] = [PATTERN, FACTS].map(text => `\ufeff${text.replaceAll('\n', '\r\n')}`);
    const { facts: read } = await openDataset(await oneRelation(patterns, facts));
    expect(read.map(({ subject }) => subject)).toEqual(['France', 'Peru']);
  });

  it.each([
    ['a line that is no JSON', PATTERN, `${FACTS}{"sub_label": "x",\n`, 'P36.jsonl:3: not JSON ('],
    ['a fact without an object', PATTERN, '{"sub_label": "x", "uuid": "a"}', 'P36.jsonl:1: "obj_label"'],
    [
      'a fact with an empty subject',
      PATTERN,
      '{"sub_label": "", "obj_label": "y", "uuid": "a"}',
      'P36.jsonl:1: "sub_label"',
    ],
    [
      'a pattern without [X]',
      '{"pattern": "governed from [Y]"}',
      FACTS,
      'the pattern "governed from [Y]" has no [X]',
    ],
    [
      'a pattern without [Y]',
      '{"pattern": "[X] is"}',
      FACTS,
      'the pattern "[X] is" has no [Y], where one is needed',
    ],
    ['a pattern with two [Y]', '{"pattern": "[X] [Y] [Y]"}', FACTS, 'has 2 [Y], where one is needed'],
    [
      'a pattern with a mask',
      '{"pattern": "[X] [MASK] is [Y]."}',
      FACTS,
      'P36.jsonl:1: the pattern "[X] [MASK]',
    ],
    ["another tokenizer's mask", '{"pattern": "[X] < Mask > [Y]"}', FACTS, 'has < Mask > in it'],
    ['no pattern', '\n', FACTS, 'P36.jsonl: no patterns'],
    ['a uuid twice', PATTERN, FACTS + FACTS, 'P36.jsonl:3: the uuid a is at'],
    ['no fact', PATTERN, '', 'no facts'],
  ])('is refused, file and line named, with %s', async (_, patterns, facts, message) => {
    await expect(openDataset(await oneRelation(patterns, facts))).rejects.toThrow(message);
  });

  it('is refused where a uuid is in two relations', async () => {
    const files = {
      'graphs_json/P36': PATTERN,
      'trex_lms_vocab/P36': FACTS,
      'graphs_json/P37': PATTERN,
      'trex_lms_vocab/P37': FACTS,
    };
    await expect(openDataset(await dataFolder(files))).rejects.toThrow('P36.jsonl:1: the uuid a is at');
  });

  it('is refused where the folder, a relation or a fact is not there', async () => {
    const folder = await oneRelation();
    await expect(openDataset(join(folder, 'nowhere'))).rejects.toThrow(
      'nowhere/trex_lms_vocab: cannot be read (no such file or directory)',
    );
    await expect(openDataset(folder, { relations: ['P99'] })).rejects.toMatchObject({
      name: 'UsageError',
      remedy: 'It has P36.',
    });
    await expect(openDataset(folder, { facts: ['zz'] })).rejects.toThrow('no fact has the uuid zz');
    await rm(join(folder, 'graphs_json', 'P36.jsonl'));
    await expect(openDataset(folder)).rejects.toThrow('no relation has both patterns and facts');
  });
});

describe('a prompt', () => {
  it('has the subject as it stands, whatever characters it has', () => {
    expect(expandPrompts(['[X] and [X]: [Y].'], "$& $1 $' [Z]")).toEqual([
      "$& $1 $' [Z] and $& $1 $' [Z]: [MASK].",
    ]);
  });
});

describe('a causal model', () => {
  it.each([
    ['[X] is governed from [Y] .', '[X] is governed from'],
    ['[X], whose capital is [Y].', '[X], whose capital is'],
    // The mask stays where it touches a word: no space comes before the answer.
    ['The capital of [X] is “[Y]”!', 'The capital of [X] is “[MASK]'],
    ['[Y] is the capital of [X] .', undefined],
    ['[X] (capital: [Y]) is a country .', undefined],
    ['[X] costs [Y] $.', undefined],
  ])(
    'is asked by the patterns that end with the object, but for punctuation, cut there: %s',
    (pattern, cut) => {
      expect(causalPatterns([pattern])).toEqual(cut === undefined ? [] : [cut]);
    },
  );

  it('has the prompts of these alone', async () => {
    const patterns = ['[X] is governed from [Y] .', '[Y] governs [X] .', 'The capital of [X] is [Y] .'];
    const folder = await oneRelation(patterns.map(pattern => `${JSON.stringify({ pattern })}\n`).join(''));
    const dataset = await openDataset(folder, {}, true);
    expect(dataset.patternsOf('P36')).toEqual({ all: 3, asked: 2 });
    expect(dataset.withPrompts(dataset.facts[0]).prompts).toEqual([
      'France is governed from',
      'The capital of France is',
    ]);
  });
});

describe('the demo data set', () => {
  it('has 8 relations or more, 300 facts or more, 6 prompts or more for each, all answers single tokens of the model', async () => {
    const dataset = await openDataset(DEMO_DATA);
    const tokenizer = await loadTokenizer(DEMO_MODEL, { vocabularySize: 882, causal: false });
    expect(dataset.relations.length).toBeGreaterThanOrEqual(8);
    expect(dataset.facts.length).toBeGreaterThanOrEqual(300);
    for (const fact of dataset.facts.map(dataset.withPrompts)) {
      expect(fact.prompts.length).toBeGreaterThanOrEqual(6);
      expect(tokenizer.lookUp(fact.object)).toMatchObject({ ids: [expect.any(Number)] });
    }
  });
});

describeWith(REAL_PARAREL, 'the real PARAREL', () => {
  it("has the replication's count of relations, facts and prompts", async () => {
    const dataset = await openDataset(REAL_PARAREL);
    expect(dataset.relations).toHaveLength(39);
    expect(dataset.facts).toHaveLength(27_610);
    const prompts = dataset.facts.reduce((sum, fact) => sum + dataset.withPrompts(fact).prompts.length, 0);
    expect(prompts).toBe(224_674);
  });

  it('has 144,433 prompts for a causal model, of 24,943 facts that have two or more', async () => {
    const dataset = await openDataset(REAL_PARAREL, {}, true);
    const prompts = dataset.facts.map(fact => dataset.withPrompts(fact).prompts.length);
    const enough = prompts.filter(count => count >= 2);
    expect(enough).toHaveLength(24_943);
    expect(enough.reduce((sum, count) => sum + count, 0)).toBe(144_433);
  });
});
