import { SingleBar } from 'cli-progress';
import { printable } from '../../printable.js';
import type { OnProgress, Progress, ProgressState } from '../../progress.js';
import type { OutputOptions } from '../options/options.js';
import { printAside } from './print.js';

const SECONDS_BETWEEN_LINES = 5;

/** Shows progress on standard error: a bar on a terminal, else a line every few seconds. */
export function createProgress(output: OutputOptions): { readonly onProgress: OnProgress } {
  const shown = progressFor(output);
  return {
    onProgress(event) {
      switch (event.type) {
        case 'progress':
          return shown.show(event.task, event);
        case 'notice':
          return shown.notice(event.text);
        case 'pause':
          return shown.stop();
        default:
          event satisfies never;
      }
    },
  };
}

function progressFor({ json, quiet }: OutputOptions): Progress {
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
  process.once('exit', stop); // A bar hides the cursor.
  return {
    show(rawTask, { done, total, text: rawText }) {
      const [task, text] = [printable(rawTask), printable(rawText)];
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
      printAside(text);
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
    printAside(line);
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
