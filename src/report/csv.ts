import { csvOf } from '../csv.js';
import type { DataTable, Shown } from '../experiment/run/shown.js';

/** A line a row under a head, which is there where no row is. */
export function csvText({ columns, rows }: DataTable): string {
  return csvOf(rows, columns);
}

/** The data of what is shown: contents by file name. */
export async function csvReport({ name, data }: Shown): Promise<Map<string, string>> {
  return new Map(data ? [[`${name}.csv`, csvText(data)]] : []);
}
