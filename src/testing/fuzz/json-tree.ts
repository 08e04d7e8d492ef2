/**
 * A text of JSON as a tree that can also be what no value is: a key twice in an object, a number beyond all, a word that JSON
 * does not know.
 */
export type JsonTree =
  /** A number, a string, a word: as it stands in the text. */
  | { readonly kind: 'scalar'; readonly text: string }
  | { readonly kind: 'array'; readonly items: JsonTree[] }
  | { readonly kind: 'object'; readonly entries: { key: string; value: JsonTree }[] };

export function treeOf(value: unknown): JsonTree {
  if (Array.isArray(value)) return { kind: 'array', items: value.map(treeOf) };
  if (typeof value !== 'object' || value === null) return { kind: 'scalar', text: JSON.stringify(value) };
  return {
    kind: 'object',
    entries: Object.entries(value).map(([key, part]) => ({ key, value: treeOf(part) })),
  };
}

export function textOf(tree: JsonTree): string {
  switch (tree.kind) {
    case 'scalar':
      return tree.text;
    case 'array':
      return `[${tree.items.map(textOf).join(',')}]`;
    case 'object':
      return `{${tree.entries.map(({ key, value }) => `${JSON.stringify(key)}:${textOf(value)}`).join(',')}}`;
  }
}

/** A place in a tree: what is there, and how it is replaced, taken out, or put there twice. */
export interface TreePlace {
  readonly tree: JsonTree;
  replace(by: JsonTree): void;
  remove(): void;
  repeat(): void;
  /** Where it has a key. */
  rename(key: string): void;
}

class ItemPlace implements TreePlace {
  constructor(
    private readonly items: JsonTree[],
    private readonly index: number,
  ) {}

  get tree(): JsonTree {
    return this.items[this.index];
  }

  replace(by: JsonTree): void {
    this.items[this.index] = by;
  }

  remove(): void {
    this.items.splice(this.index, 1);
  }

  repeat(): void {
    this.items.splice(this.index, 0, copyOf(this.tree));
  }

  rename(): void {}
}

class EntryPlace implements TreePlace {
  constructor(
    private readonly entries: { key: string; value: JsonTree }[],
    private readonly index: number,
  ) {}

  get tree(): JsonTree {
    return this.entries[this.index].value;
  }

  replace(by: JsonTree): void {
    this.entries[this.index].value = by;
  }

  remove(): void {
    this.entries.splice(this.index, 1);
  }

  repeat(): void {
    this.entries.splice(this.index, 0, { key: this.entries[this.index].key, value: copyOf(this.tree) });
  }

  rename(key: string): void {
    this.entries[this.index].key = key;
  }
}

/** Every place of a tree, outermost first. `root` is an array that holds it alone. */
export function placesOf(root: JsonTree[], places: TreePlace[] = []): TreePlace[] {
  root.forEach((tree, i) => {
    places.push(new ItemPlace(root, i));
    placesBelow(tree, places);
  });
  return places;
}

function placesBelow(tree: JsonTree, places: TreePlace[]): void {
  if (tree.kind === 'array') placesOf(tree.items, places);
  if (tree.kind !== 'object') return;
  tree.entries.forEach(({ value }, i) => {
    places.push(new EntryPlace(tree.entries, i));
    placesBelow(value, places);
  });
}

export function copyOf(tree: JsonTree): JsonTree {
  if (tree.kind === 'scalar') return tree;
  if (tree.kind === 'array') return { kind: 'array', items: tree.items.map(copyOf) };
  return { kind: 'object', entries: tree.entries.map(({ key, value }) => ({ key, value: copyOf(value) })) };
}
