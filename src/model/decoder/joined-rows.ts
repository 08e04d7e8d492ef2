/**
 * In what order a joined pass keeps its rows, one a pass. Attention wants those of a prompt side by side and as many of each
 * prompt. Where as many begin in every layer for every prompt they are kept so, and it costs nothing; else they are kept as
 * they began, and attention takes them to places of its own and back.
 */
import type { Beginning } from '../language-model.js';
import type { Arrangement } from '../layers/cached-attention.js';

export class JoinedRows {
  /** Of the trace, in rising order: those that have rows. */
  readonly prompts: readonly number[];
  /** Rows lie prompt by prompt, or in one group, as they began. */
  readonly groups: number;

  /** @param unchanged of so many prompts, all of the trace's, a pass goes along in which nothing is replaced */
  constructor(
    private readonly beginnings: readonly Pick<Beginning, 'prompts'>[],
    private readonly unchanged: number,
  ) {
    const all = Array.from({ length: unchanged }, (_, prompt) => prompt);
    const named = beginnings.flatMap(({ prompts }) => prompts);
    this.prompts = unchanged > 0 ? all : [...new Set(named)].sort((a, b) => a - b);
    this.groups = beginnings.every(({ prompts }) => this.hasAsManyOfEach(prompts)) ? this.prompts.length : 1;
  }

  /**
   * Where attention finds rows.
   * @param ofRows the prompt of each row
   * @returns undefined where they lie as it wants them
   */
  arrangement(ofRows: readonly number[]): Arrangement | undefined {
    if (this.groups === this.prompts.length) return undefined;
    const placeOf = new Map(this.prompts.map((prompt, place) => [prompt, place]));
    const rowsOf = this.prompts.map((): number[] => []);
    ofRows.forEach((prompt, row) => {
      rowsOf[placeOf.get(prompt) ?? 0].push(row);
    });
    const most = Math.max(...rowsOf.map(rows => rows.length));
    // A place that is left over holds some row once more, and nothing reads what comes of it.
    const places = rowsOf.flatMap(rows => Array.from({ length: most }, (_, i) => rows[i] ?? 0));
    const back = ofRows.map(() => 0);
    rowsOf.forEach((rows, place) => {
      rows.forEach((row, i) => {
        back[row] = place * most + i;
      });
    });
    return { places, back };
  }

  /** The rows as the trace's interface gives them back: those in which nothing is replaced, then the others as they began. */
  order(): number[] {
    const blocks = [this.unchanged, ...this.beginnings.map(({ prompts }) => prompts.length)].map(
      rows => rows / this.groups,
    );
    const ofGroup = blocks.reduce((sum, rows) => sum + rows, 0);
    let before = 0;
    return blocks.flatMap(rows => {
      const first = before;
      before += rows;
      return Array.from({ length: rows * this.groups }, (_, i) => {
        const group = Math.floor(i / rows);
        return group * ofGroup + first + (i % rows);
      });
    });
  }

  private hasAsManyOfEach(prompts: readonly number[]): boolean {
    const steps = prompts.length / this.prompts.length;
    return (
      Number.isInteger(steps) && prompts.every((prompt, i) => prompt === this.prompts[Math.floor(i / steps)])
    );
  }
}
