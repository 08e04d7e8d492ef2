import { UserError } from '../errors.js';
import type { Multipliers } from '../intervention/intervene.js';

/** Changes of a model that stay until they are undone, the last first. */
export class KeptChanges {
  private readonly undos: (() => Promise<void>)[] = [];
  private current: Multipliers = new Map();

  /** What activations are multiplied by now. */
  get multipliers(): Multipliers {
    return this.current;
  }

  /** What they would be multiplied by, with `change` on top. */
  multipliedBy(change: Multipliers): Multipliers {
    const layers = new Map<number, ReadonlyMap<number, number>>(this.current);
    for (const [layer, factors] of change) {
      const joined = new Map(layers.get(layer));
      for (const [index, factor] of factors) joined.set(index, (joined.get(index) ?? 1) * factor);
      layers.set(layer, joined);
    }
    return layers;
  }

  /** @returns what takes it back */
  keepMultipliers(multipliers: Multipliers): () => Promise<void> {
    const before = this.current;
    this.current = multipliers;
    return this.keepChange(async () => {
      this.current = before;
    });
  }

  /**
   * @param undo what takes the change back
   * @returns the same, for once, and only while no later change is in place
   */
  keepChange(undo: () => Promise<void>): () => Promise<void> {
    this.undos.push(undo);
    return async () => {
      const place = this.undos.indexOf(undo);
      if (place === -1) return;
      if (place !== this.undos.length - 1)
        throw new UserError('a later change is still in place', 'Undo that first, or all with undo().');
      await undo();
      this.undos.pop();
    };
  }

  async undoAll(): Promise<void> {
    for (let last = this.undos.at(-1); last; last = this.undos.at(-1)) {
      await last();
      this.undos.pop();
    }
  }
}
