/** What a summary has to show, as data: src/report writes it as text, CSV and figures. */

/** Rows under a head, for people. */
export interface ShownTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Of the columns but the first; default: left. */
  readonly align?: 'left' | 'right';
}

/** Rows under a head, for programs. Nothing to say is an empty field. */
export interface DataTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null | undefined)[])[];
}

/** A group of two bars for each relation, in order. */
export interface ShownBars {
  readonly title: string;
  readonly relations: ReadonlyMap<string, BarPair>;
}

/** Two mean changes of a probability, as fractions, and how many facts they are of. */
export interface BarPair {
  readonly related: number;
  readonly unrelated: number;
  /** Takes the second bar's place, where it was measured. */
  readonly baseline?: number;
  readonly facts: number;
}

export interface Shown {
  /** Of the summary and its data: "summary" for summary.json and summary.csv. */
  readonly name: string;
  /** Lines and tables; the first is the headline. */
  readonly text: readonly (string | ShownTable)[];
  /** Null where there is nothing to put into it. */
  readonly data: DataTable | null;
  /** By the name of the figure's files. */
  readonly figures: ReadonlyMap<string, ShownBars>;
}

/** A column of a data table: its name, and what it says of each row's `Subject`. */
export type Column<Subject> = readonly [
  name: string,
  of: (subject: Subject) => string | number | null | undefined,
];

export function dataTable<Subject>(
  columns: readonly Column<Subject>[],
  subjects: readonly Subject[],
): DataTable {
  return {
    columns: columns.map(([name]) => name),
    rows: subjects.map(subject => columns.map(([, of]) => of(subject))),
  };
}
