import { stringify } from 'csv-stringify/sync';

/** A column of a result file: its name, and what it says of each line's `Subject`. Nothing to say is an empty field. */
export type Column<Subject> = readonly [
  name: string,
  of: (subject: Subject) => string | number | null | undefined,
];

/** A line a subject under a head, which is there where no line is. */
export function csvOf<Subject>(columns: readonly Column<Subject>[], subjects: readonly Subject[]): string {
  return stringify(
    subjects.map(subject => columns.map(([, of]) => of(subject))),
    { header: true, columns: columns.map(([name]) => name) },
  );
}
