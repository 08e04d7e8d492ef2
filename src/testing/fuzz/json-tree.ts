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
  /** Where it is an entry of an object. */
  rename?(key: string): void;
}

/** Every place of a tree, outermost first. `root` is an array that holds it alone. */
export function placesOf(root: JsonTree[]): TreePlace[] {
  const places: TreePlace[] = [];
  const ofItems = (items: JsonTree[]) => {
    items.forEach((tree, i) => {
      places.push({
        tree,
        replace: by => items.splice(i, 1, by),
        remove: () => items.splice(i, 1),
        repeat: () => items.splice(i, 0, copyOf(tree)),
      });
      below(tree);
    });
  };
  const below = (tree: JsonTree) => {
    if (tree.kind === 'array') ofItems(tree.items);
    if (tree.kind !== 'object') return;
    const { entries } = tree;
    entries.forEach((entry, i) => {
      places.push({
        tree: entry.value,
        replace: by => {
          entry.value = by;
        },
        remove: () => entries.splice(i, 1),
        repeat: () => entries.splice(i, 0, { key: entry.key, value: copyOf(entry.value) }),
        rename: key => {
          entry.key = key;
        },
      });
      below(entry.value);
    });
  };
  ofItems(root);
  return places;
}

export function copyOf(tree: JsonTree): JsonTree {
  return structuredClone(tree);
}
