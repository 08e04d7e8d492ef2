/** How far something is. `text` is for people, `values` for machines. */
export interface ProgressState {
  readonly done: number;
  readonly total: number;
  readonly text: string;
  readonly values?: Readonly<Record<string, number>>;
}

/** What a long call tells whoever made it. */
export type ProgressEvent =
  | ({ readonly type: 'progress'; readonly task: string } & ProgressState)
  | { readonly type: 'notice'; readonly text: string }
  /** What was shown last is at its end, so that other text can follow. */
  | { readonly type: 'pause' };

export type OnProgress = (event: ProgressEvent) => void;

/** The same as calls, for those who tell it. */
export interface Progress {
  show(task: string, state: ProgressState): void;
  notice(text: string): void;
  stop(): void;
}

/** @param onProgress default: nobody is told */
export function progressTo(onProgress: OnProgress = () => undefined): Progress {
  return {
    show: (task, state) => onProgress({ type: 'progress', task, ...state }),
    notice: text => onProgress({ type: 'notice', text }),
    stop: () => onProgress({ type: 'pause' }),
  };
}
