import type { Part } from './parts/part.js';

/** The first table of characters in a normaliser or the list that it is. */
export function precompiledCharsmap(normalizer: Part | null): string | undefined {
  if (normalizer === null) return undefined;
  const { type, normalizers } = normalizer;
  const steps: unknown[] = type === 'Sequence' && Array.isArray(normalizers) ? normalizers : [normalizer];
  for (const step of steps) {
    if (typeof step !== 'object' || step === null || !('precompiled_charsmap' in step)) continue;
    const { precompiled_charsmap } = step;
    if ('type' in step && step.type === 'Precompiled' && typeof precompiled_charsmap === 'string')
      return precompiled_charsmap;
  }
  return undefined;
}
