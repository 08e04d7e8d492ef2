import { stringify } from 'csv-stringify/sync';

/**
 * A line a row under a head. Subjects, answers and relations come from files of others, and a spreadsheet computes what begins
 * like a formula: such a text gets an apostrophe before it, which spreadsheets do not show
 * (https://owasp.org/www-community/attacks/CSV_Injection). Numbers stay numbers, negative ones too.
 * @param rows objects with the columns as keys, or values in their order
 * @param columns the head, which is there where no row is; default: the first row's keys
 */
export function csvOf(rows: readonly object[], columns?: readonly string[]): string {
  return stringify([...rows], {
    header: true,
    escape_formulas: true,
    ...(columns && { columns: [...columns] }),
  });
}
