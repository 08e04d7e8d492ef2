import type { Dataset } from '../../src/dataset/dataset.js';
import type { Fact, FactKey } from '../../src/dataset/fact.js';
import type { Tokenizer } from '../../src/model/tokenizer/tokenizer.js';

/** The first facts of each relation in turn, one of each before a second of any, whose object is one token. */
export function factsInTurn(dataset: Dataset, tokenizer: Tokenizer, count: number): Fact[] {
  const taken = new Map<string, number>();
  const turns: FactKey[][] = [];
  for (const fact of dataset.facts) {
    const object = tokenizer.lookUp(fact.object);
    if (!('ids' in object && object.ids.length === 1)) continue;
    const turn = taken.get(fact.relation) ?? 0;
    taken.set(fact.relation, turn + 1);
    turns[turn] ??= [];
    turns[turn].push(fact);
  }
  return turns.flat().slice(0, count).map(dataset.withPrompts);
}
