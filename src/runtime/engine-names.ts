/** Names of the engines, apart from what starts them, which loads tfjs. The faster stands before the slower. */
export const ENGINES = ['webgpu', 'tensorflow', 'wasm'] as const;
export type EngineName = (typeof ENGINES)[number];

/** `auto` is the first of the engines that is usable. */
export const ENGINE_CHOICES = ['auto', ...ENGINES] as const;
export type EngineChoice = (typeof ENGINE_CHOICES)[number];
