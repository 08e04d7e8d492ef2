import type { LayerEstimate } from './layer-estimate.js';

/**
 * What a prompt's estimates leave open: for some layers whether to look `further`, at more points, or `exactly`, by the rule itself,
 * where more points would not help. Nothing is asked of layers that are exact.
 */
export type Undecided = (layers: readonly LayerEstimate[]) => ReadonlyMap<number, 'further' | 'exactly'>;

/** Of the prompt's highest score: how far scores that are shown may be off. */
export const SCORES_WITHIN = 1e-6;

/** For scores that somebody reads: until all are as exact as float32 has them. */
export const undecidedScores: Undecided = layers => {
  if (areSilent(layers)) return everyLayerExactly(layers);
  const highest = Math.max(...layers.map(({ largest }) => largest));
  return new Map(
    layers.flatMap(({ bar, exact }, layer) =>
      exact || bar <= SCORES_WITHIN * highest ? [] : [[layer, 'further' as const]],
    ),
  );
};

/**
 * Whether every score is 0. Points of a path that are 0 say nothing about those between: where P is too small for float32 at one, it
 * need not be at another.
 */
export function areSilent(layers: readonly LayerEstimate[]): boolean {
  return layers.every(({ largest }) => largest === 0);
}

export function everyLayerExactly(layers: readonly LayerEstimate[]): ReadonlyMap<number, 'exactly'> {
  return new Map(layers.flatMap(({ exact }, layer) => (exact ? [] : [[layer, 'exactly' as const]])));
}

/** What any of some questions leaves open. */
export function undecidedOf(...questions: readonly Undecided[]): Undecided {
  return layers => {
    const open = new Map<number, 'further' | 'exactly'>();
    for (const undecided of questions)
      for (const [layer, how] of undecided(layers)) {
        if (how === 'exactly' || !open.has(layer)) open.set(layer, how);
      }
    return open;
  };
}
