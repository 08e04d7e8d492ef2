/**
 * What an experiment over a data set is made of. Each has a folder beside this one with the same files: `request.ts` what it
 * is asked, `plan.ts` what it will do, `task.ts` what a worker does, `work.ts` what is still to be done, `record.ts` what is
 * kept of it, `summary.ts` what comes out, `shown.ts` how that looks, and `experiment.ts`, which puts these together.
 */
import type { Dataset } from '../../dataset/dataset.js';
import type { FactKey } from '../../dataset/fact.js';
import type { ModelConfig } from '../../model/config.js';
import type { Tokenizer } from '../../model/tokenizer/tokenizer.js';
import type { CommandParts } from './command.js';
import type { GivenNeurons } from './given-neurons.js';
import type { SelectedFacts, SkippedFact } from './outcome.js';
import type { JournalRecord, RecordKind } from './record-kind.js';
import type { RunRequest } from './request.js';
import type { ResultsFolder } from './results-folder.js';
import type { SettingsGroup } from './settings.js';
import type { Shown } from './shown.js';
import type { TaskKind } from './task.js';
import { type WayOfComputing, waysOfComputing, waysText } from './ways-of-computing.js';
import type { DoWork } from './work.js';

/** What a plan is made from, beside the request. */
export interface ExperimentData {
  /** The model's name, short. */
  readonly model: string;
  readonly config: ModelConfig;
  readonly tokenizer: Tokenizer;
  readonly dataset: Dataset;
  /** Null where neurons are to be found. */
  readonly given: GivenNeurons | null;
}

/** One kind of work that a plan has. */
export interface PlannedWork {
  /** "finding neurons" */
  readonly name: string;
  readonly facts: number;
  /** Asked of the model, one for each token of an answer; null where that is known only as the work goes on. */
  readonly queries: number | null;
  /** Passes that resume from a query's traced one, of an interpolated path about; null as `queries`. */
  readonly passes: number | null;
  /** In matrix products, floating-point, about; null as `queries`. */
  readonly operations: number | null;
}

/** What an experiment will do: plain data. */
export interface ExperimentPlan {
  /** Those that can be asked, in the data set's order. */
  readonly facts: readonly FactKey[];
  readonly skipped: readonly SkippedFact[];
  readonly work: readonly PlannedWork[];
  /** What whoever asked should know before the work begins. */
  readonly notices: readonly string[];
  /** Names of the result files, where everything is found. */
  readonly files: readonly string[];
  /** What there will be for reports to write. */
  readonly shown: PlannedShown;
}

export interface PlannedShown {
  /** As {@link Shown} has it. */
  readonly name: string;
  readonly data: boolean;
  /** Names of figures. */
  readonly figures: readonly string[];
}

/** A results folder that is open, and workers that work into it. */
export interface Session<Line extends JournalRecord> {
  readonly folder: ResultsFolder<Line>;
  readonly work: DoWork;
  close(): Promise<void>;
}

/** Opens the session, with the journal that an experiment keeps. */
export type OpenSession = <Line extends JournalRecord>(kind: RecordKind<Line>) => Promise<Session<Line>>;

/** A results folder, as its final files see it. */
export type FinalFiles = Pick<ResultsFolder<JournalRecord>, 'path' | 'write'>;

export interface RunSummary {
  /** The model's name. */
  readonly model: string;
  readonly facts: SelectedFacts;
  /** How the numbers were computed, where that was not all in one way. */
  readonly computedOn?: readonly WayOfComputing[];
}

/** What came out of a run. */
export interface Finished<Name extends string, Summary extends RunSummary> {
  readonly experiment: Name;
  readonly summary: Summary;
  /** Result files that other tools read: contents by name. */
  readonly results: ReadonlyMap<string, string>;
  readonly shown: Shown;
}

type AnyDone = Finished<string, RunSummary>;

/** What decides an experiment's numbers beside what decides those of every run. */
export interface Described {
  /** Groups of run.json. */
  readonly settings: { readonly neurons: SettingsGroup } & Readonly<Record<string, SettingsGroup>>;
  readonly command: CommandParts;
}

interface Parts<
  Name extends string,
  Request extends RunRequest,
  Plan extends ExperimentPlan,
  Line extends JournalRecord,
  Summary extends RunSummary,
> {
  readonly name: Name;
  /** @throws UsageError where it is no request of this experiment; a complete one comes back as it is */
  readonly complete: (asked: unknown) => Request;
  readonly tasks: readonly TaskKind<never>[];
  readonly records: RecordKind<Line>;
  readonly describe: (request: Request, given: GivenNeurons | null) => Described;
  /** @throws UserError where it cannot be done */
  readonly plan: (request: Request, data: ExperimentData) => Plan;
  readonly carryOut: (
    plan: Plan,
    data: ExperimentData,
    session: Session<Line>,
  ) => Promise<Omit<Finished<Name, Summary>, 'experiment'>>;
}

/** An experiment as the table of all has it (../experiments.ts). */
export interface Experiment<Done extends AnyDone> {
  readonly name: Done['experiment'];
  readonly tasks: readonly TaskKind<never>[];
  complete(asked: unknown): RunRequest & { readonly experiment: Done['experiment'] };
  begin(request: RunRequest, data: ExperimentData): BegunExperiment<Done>;
}

/** A request that has become a plan. */
export interface BegunExperiment<Done extends AnyDone> {
  readonly plan: ExperimentPlan;
  readonly described: Described;
  /**
   * @param finish makes something of what came out, while the folder is still open
   * @throws what opening, working or finishing throw
   */
  carryOut<Result>(
    open: OpenSession,
    finish: (finished: Done, folder: FinalFiles) => Promise<Result>,
  ): Promise<Result>;
}

export function defineExperiment<
  Name extends string,
  Request extends RunRequest & { readonly experiment: Name },
  Plan extends ExperimentPlan,
  Line extends JournalRecord,
  Summary extends RunSummary,
>(parts: Parts<Name, Request, Plan, Line, Summary>): Experiment<Finished<Name, Summary>> {
  const { name, tasks, complete } = parts;
  return {
    name,
    tasks,
    complete,
    begin(asked, data) {
      const request = complete(asked);
      const plan = parts.plan(request, data);
      return {
        plan,
        described: parts.describe(request, data.given),
        async carryOut(open, finish) {
          const session = await open(parts.records);
          try {
            const finished = await parts.carryOut(plan, data, session);
            const ways = waysOfComputing(session.folder.settings.plans);
            return await finish({ experiment: name, ...withWays(finished, ways) }, session.folder);
          } finally {
            await session.close();
          }
        },
      };
    },
  };
}

/** Says so where numbers were computed in more ways than one. */
function withWays<Done extends Omit<AnyDone, 'experiment'>>(
  done: Done,
  ways: readonly WayOfComputing[],
): Done {
  if (ways.length < 2) return done;
  const { summary, shown } = done;
  return {
    ...done,
    summary: { ...summary, computedOn: ways },
    shown: { ...shown, text: [...shown.text, ...waysText(ways, `${shown.name}.json`)] },
  };
}
