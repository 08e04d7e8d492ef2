/** The reports that a run leaves in its folder: a file of this folder each, each a function of what came out. */
import type { RunSummary } from '../experiment/run/experiment.js';
import type { ReportName } from '../experiment/run/request.js';
import type { Shown } from '../experiment/run/shown.js';
import { csvReport } from './csv.js';
import { figuresReport } from './figures.js';
import { jsonReport } from './json.js';

/** @returns contents by file name */
export type Report = (shown: Shown, summary: RunSummary) => Promise<ReadonlyMap<string, string>>;

export const REPORT: Readonly<Record<ReportName, Report>> = {
  csv: csvReport,
  figures: figuresReport,
  json: jsonReport,
};
