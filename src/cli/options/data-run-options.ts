/** The options of a run over a data set (run-and-report.ts), in the order that help shows them in. */
import type { Command } from 'commander';
import {
  type AskingOptions,
  type AttributionOptions,
  addAskingOptions,
  addAttributionOptions,
  addDataOptions,
  addModelOptions,
  addNeuronsOption,
  addOutputOptions,
  addRunOptions,
  type DataOptions,
  type ModelOptions,
  type OutputOptions,
  type RunOptions,
} from './options.js';

export interface DataRunOptions
  extends ModelOptions,
    AskingOptions,
    AttributionOptions,
    DataOptions,
    RunOptions,
    OutputOptions {
  readonly neurons?: string;
  /** Of all draws. */
  readonly seed?: number;
}

/** What an experiment begins with: what computes, and which neurons. Its own options come next. */
export function addFindingOptions(command: Command): Command {
  addModelOptions(command);
  addAskingOptions(command);
  addAttributionOptions(command, '0.3, as in the replication');
  return addNeuronsOption(command);
}

/**
 * What an experiment ends with: which facts, and where results go.
 * @param suffix of the results folder's name, after the model's
 */
export function addOverDataOptions(command: Command, suffix = ''): Command {
  addDataOptions(command);
  addRunOptions(command, suffix);
  return addOutputOptions(command);
}
