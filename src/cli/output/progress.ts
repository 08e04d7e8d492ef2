import { SingleBar } from 'cli-progress';
import type { OutputOptions } from '../options/options.js';

/** How far something is. `text` is for people, `values` for machines. */
export interface ProgressState {
  readonly done: number;
  readonly total: number;
  readonly text: string;
  readonly values?: Readonly<Record<string, number>>;
}

/** Shows progress on standard error: a bar on a terminal, else a line every few seconds. */
export interface Progress {
  show(task: string, state: ProgressState): void;
  notice(text: string): void;
  /** Ends the bar that is shown, so that other text can follow. */
  stop(): void;
}

const SECONDS_BETWEEN_LINES = 5;

export function createProgress({ json, quiet }: OutputOptions): Progress {
  if (quiet) return { show: () => undefined, notice: () => undefined, stop: () => undefined };
  if (json) {
    return createLines({
      state: (task, { done, total, values }) => JSON.stringify({ task, done, total, ...values }),
      notice: text => JSON.stringify({ notice: text }),
    });
  }
  if (process.stderr.isTTY) return createBar();
  return createLines({
    state: (task, { done, total, text }) => `${task}: ${done}/${total}${text ? `, ${text}` : ''}`,
    notice: text => text,
  });
}

function createBar(): Progress {
  let current: { task: string; bar: SingleBar } | undefined;
  const stop = () => {
    current?.bar.stop();
    current = undefined;
  };
  return {
    show(task, { done, total, text }) {
      if (current?.task !== task) {
        stop();
        const format = '{task} {bar} {value}/{total}  {text}';
        current = { task, bar: new SingleBar({ format, hideCursor: true, barsize: 24, etaBuffer: 1 }) };
        current.bar.start(total, done, { task, text });
      }
      current.bar.setTotal(total);
      current.bar.update(done, { task, text });
    },
    notice(text) {
      stop();
      process.stderr.write(`${text}\n`);
    },
    stop,
  };
}

interface LineFormat {
  readonly state: (task: string, state: ProgressState) => string;
  readonly notice: (text: string) => string;
}

function createLines(format: LineFormat): Progress {
  let last: { task: string; at: number; line: string } | undefined;
  let pending: string | undefined;
  const print = (line: string) => {
    pending = undefined;
    process.stderr.write(`${line}\n`);
  };
  return {
    show(task, state) {
      const line = format.state(task, state);
      const now = Date.now();
      if (last?.task === task && now - last.at < SECONDS_BETWEEN_LINES * 1000) {
        pending = line;
        return;
      }
      last = { task, at: now, line };
      print(line);
    },
    notice: text => print(format.notice(text)),
    stop() {
      // The last state is always said.
      if (pending !== undefined) print(pending);
      last = undefined;
    },
  };
}
