/** The measures of random models, and the tensors that their files are made of. */
export type Shapes = Record<string, readonly number[]>;

export interface RandomDecoder {
  readonly config: Readonly<Record<string, unknown>>;
  readonly shapes: Shapes;
}

/** Tokens of every model. */
export const RANDOM_VOCABULARY = 37;
export const [HIDDEN, INTERMEDIATE, LAYERS, POSITIONS] = [24, 28, 3, 16];

export const weight = (name: string, ...shape: number[]): Shapes => ({ [`${name}.weight`]: shape });
export const both = (name: string, ...shape: number[]): Shapes => ({
  [`${name}.weight`]: shape,
  [`${name}.bias`]: [shape[0]],
});
export const norm = (name: string): Shapes => both(name, HIDDEN);
/** A Conv1D: [in, out]. */
export const convolution = (name: string, input: number, output: number): Shapes => ({
  [`${name}.weight`]: [input, output],
  [`${name}.bias`]: [output],
});
export const ofLayers = (shapesOf: (layer: number) => Shapes): Shapes =>
  Object.assign({}, ...Array.from({ length: LAYERS }, (_, layer) => shapesOf(layer)));

export const GPT_SIZES = {
  n_embd: HIDDEN,
  n_layer: LAYERS,
  n_positions: POSITIONS,
  vocab_size: RANDOM_VOCABULARY,
};
export const SIZES = {
  hidden_size: HIDDEN,
  intermediate_size: INTERMEDIATE,
  num_hidden_layers: LAYERS,
  max_position_embeddings: POSITIONS,
  vocab_size: RANDOM_VOCABULARY,
};
export const WORDS = [RANDOM_VOCABULARY, HIDDEN] as const;
