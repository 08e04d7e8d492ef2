/** A part of a tokenizer that kn does not build: other ids than Python's would be worse than none. */
export class UnbuiltPart extends Error {
  override readonly name = 'UnbuiltPart';

  /** @param part as a sentence goes on after "its": `normalizer "Foo"` */
  constructor(readonly part: string) {
    super(`its ${part} is none that kn builds`);
  }
}
