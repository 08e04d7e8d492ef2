import type { OnScored } from './scores.js';

/** Tells progress in layers of prompts, though rounds are of points. */
export class LayersScored {
  private told = 0;

  constructor(
    private readonly whole: number,
    private readonly onScored: OnScored = () => undefined,
  ) {}

  /** A round that brings the work to `share` of what was left of it. */
  round(share: number): (asked: number) => (done: number) => void {
    const from = this.told;
    const part = share * (this.whole - from);
    return asked => {
      let points = 0;
      return done => {
        points += done;
        this.tell(Math.floor(from + (asked === 0 ? 0 : (points / asked) * part)));
      };
    };
  }

  end(): void {
    this.tell(this.whole);
  }

  private tell(layers: number): void {
    if (layers > this.told) this.onScored(layers - this.told);
    this.told = Math.max(this.told, layers);
  }
}
