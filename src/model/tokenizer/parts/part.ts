/** A part of a tokenizer.json: what it is, and its options. */
export interface Part {
  readonly type: string;
  readonly [option: string]: unknown;
}
