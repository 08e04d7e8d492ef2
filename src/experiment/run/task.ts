/** What a worker can be asked to do. An experiment has its kinds of tasks; all have one of these two forms. */
import type { LanguageModel } from '../../model/language-model.js';
import type { LoadedModel } from '../../model/load.js';
import type { Tokenizer } from '../../model/tokenizer/tokenizer.js';
import type { FindOptions } from '../../neurons/find.js';
import { gather, keepingTraces, type Passes } from './gathered-passes.js';
import type { JournalRecord } from './record-kind.js';

/** What a task is called with; a record comes back for each. Plain data: it travels to a worker process. */
export interface TaskCall<Task> {
  readonly tasks: readonly Task[];
  /** What the values of a batch may take. */
  readonly batchBytes: number;
}

/** What the values of a batch may take. */
export type Batches = Required<Pick<FindOptions, 'batchBytes'>>;

export interface TaskKind<Task> {
  /** Its name, as a piece of work calls it. */
  readonly method: string;
  /** Whether several go through the model together; else one after the other. */
  readonly sideBySide: boolean;
  run(loaded: LoadedModel, tasks: readonly Task[], batches: Batches): Promise<JournalRecord[]>;
}

/** Tasks that leave the model's weights as they are: prompts of several share batches. */
export function sideBySide<Task>(
  method: string,
  run: (
    model: LanguageModel,
    tokenizer: Tokenizer,
    task: Task,
    batches: Batches,
    passes: Passes,
  ) => Promise<JournalRecord>,
): TaskKind<Task> {
  return {
    method,
    sideBySide: true,
    run: ({ model, tokenizer }, tasks, batches) =>
      keepingTraces(model, batches.batchBytes, passes =>
        gather(
          passes,
          tasks.map(task => passes => run(model, tokenizer, task, batches, passes)),
        ),
      ),
  };
}

/** Tasks that change the model, and put back what they changed. */
export function inTurn<Task>(
  method: string,
  run: (loaded: LoadedModel, task: Task, batchBytes: number) => Promise<JournalRecord>,
): TaskKind<Task> {
  return {
    method,
    sideBySide: false,
    async run(loaded, tasks, { batchBytes }) {
      const records: JournalRecord[] = [];
      for (const task of tasks) records.push(await run(loaded, task, batchBytes));
      return records;
    },
  };
}
