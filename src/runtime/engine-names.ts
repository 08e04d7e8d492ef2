/** Names of the engines, apart from what starts them, which loads tfjs. */
export const ENGINES = ['wasm', 'tensorflow'] as const;
export type EngineName = (typeof ENGINES)[number];

/** `auto` is `tensorflow` where its package is there and loads, else `wasm`. */
export const ENGINE_CHOICES = ['auto', ...ENGINES] as const;
export type EngineChoice = (typeof ENGINE_CHOICES)[number];
