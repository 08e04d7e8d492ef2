import type { Dataset, Selection } from './dataset.js';

/** Who waits for a data set to be fetched. */
export interface FetchReporter {
  /** Files. */
  progress(done: number, total: number): void;
  notice(text: string): void;
  /** Ends it; what came is kept. */
  readonly signal?: AbortSignal;
}

/** A data set as somebody may name it: each has a file in this folder. */
export interface DataSource {
  /** As `--data` takes it. */
  readonly name: string;
  /** As people write it. */
  readonly title: string;
  /** Whether nothing of it has to be fetched. */
  isHere(): Promise<boolean>;
  /**
   * What can be told of a selection before anything is fetched.
   * @throws UsageError where it names a relation that the data set has not
   */
  check(selection: Selection): Promise<void>;
  /** Fetches what is missing. */
  fetch(reporter: FetchReporter): Promise<void>;
  /**
   * @param causal whether the prompts are for a causal model
   * @throws UserError where it is not here, or malformed; UsageError where the selection names what it has not
   */
  open(selection: Selection, causal: boolean): Promise<Dataset>;
}
